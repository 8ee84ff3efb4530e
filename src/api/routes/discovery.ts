/** Where the operations of `solo registry` lie under HTTP; part of `routes`. `{handle}` is a registration's. */
export const discoveryRoutes = {
  registryRegister: { method: "POST", path: "/v1/registry", stream: false },
  registryRenew: { method: "POST", path: "/v1/registry/{handle}/renew", stream: false },
  registryUnregister: { method: "POST", path: "/v1/registry/{handle}/unregister", stream: false },
  registryDiscover: { method: "POST", path: "/v1/discover", stream: false },
  registryList: { method: "GET", path: "/v1/registry", stream: false },
} as const;
