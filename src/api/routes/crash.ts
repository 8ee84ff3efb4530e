/** Where `solo crashes` lies under HTTP; part of `routes`. */
export const crashRoutes = {
  crashes: { method: "GET", path: "/v1/services/{name}/crashes", stream: false },
} as const;
