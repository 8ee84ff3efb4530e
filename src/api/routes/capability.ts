/** Where the operations on capabilities lie under HTTP. */
export const capabilityRoutes = {
  capabilityGrant: { method: "POST", path: "/v1/capabilities", stream: false },
  capabilities: { method: "GET", path: "/v1/capabilities", stream: false },
  capabilityShow: { method: "GET", path: "/v1/capabilities/{id}", stream: false },
  capabilityAttenuate: { method: "POST", path: "/v1/capabilities/attenuate", stream: false },
  capabilityDelegate: { method: "POST", path: "/v1/capabilities/delegate", stream: false },
  capabilityRevoke: { method: "POST", path: "/v1/capabilities/{id}/revoke", stream: false },
  capabilityVerify: { method: "POST", path: "/v1/capabilities/verify", stream: false },
} as const;
