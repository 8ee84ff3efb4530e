/** Where the operations of `solo audit` lie under HTTP; part of `routes`. */
export const auditRoutes = {
  audit: { method: "GET", path: "/v1/audit", stream: true },
  auditAll: { method: "GET", path: "/v1/audit/all", stream: true },
  auditExport: { method: "GET", path: "/v1/audit/export", stream: true },
  auditVerify: { method: "GET", path: "/v1/audit/verify", stream: false },
} as const;
