/** Where the operations of `solo secrets` lie under HTTP; part of `routes`. `{secret}` is a secret's name. */
export const secretRoutes = {
  secretList: { method: "GET", path: "/v1/secrets", stream: false },
  secretSet: { method: "POST", path: "/v1/secrets/{secret}", stream: false },
  secretGet: { method: "POST", path: "/v1/secrets/{secret}/reveal", stream: false },
  secretRotate: { method: "POST", path: "/v1/secrets/{secret}/rotate", stream: false },
  secretDelete: { method: "POST", path: "/v1/secrets/{secret}/delete", stream: false },
  secretRekey: { method: "POST", path: "/v1/secret-keys/rotate", stream: false },
  secretUnlock: { method: "POST", path: "/v1/secret-keys/unlock", stream: false },
} as const;
