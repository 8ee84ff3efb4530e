/** Where programs are brought to under HTTP; part of `routes`. */
export const uploadRoutes = {
  upload: { method: "POST", path: "/v1/uploads", stream: false },
} as const;
