/** Where the removal of services lies under HTTP; part of `routes`. */
export const removalRoutes = {
  remove: { method: "POST", path: "/v1/services/{name}/remove", stream: false },
} as const;
