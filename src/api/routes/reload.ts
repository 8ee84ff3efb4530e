/** Where hot reloads lie under HTTP; part of `routes`. */
export const reloadRoutes = {
  reload: { method: "POST", path: "/v1/services/{name}/reload", stream: false },
} as const;
