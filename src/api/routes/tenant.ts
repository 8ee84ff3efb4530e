/** Where `solo tenant` lies under HTTP; part of `routes`. */
export const tenantRoutes = {
  tenantList: { method: "GET", path: "/v1/tenants", stream: false },
  tenantShow: { method: "GET", path: "/v1/tenants/{tenant}", stream: false },
} as const;
