/** Where the operations of `solo checkpoint` lie under HTTP; part of `routes`. */
export const checkpointRoutes = {
  checkpoints: { method: "GET", path: "/v1/services/{name}/checkpoints", stream: false },
  checkpointShow: { method: "GET", path: "/v1/services/{name}/checkpoints/{id}", stream: false },
  checkpointVerify: { method: "POST", path: "/v1/services/{name}/checkpoints/{id}/verify", stream: false },
  checkpointCreate: { method: "POST", path: "/v1/services/{name}/checkpoints", stream: false },
  checkpointRestore: { method: "POST", path: "/v1/services/{name}/restore", stream: false },
  checkpointFork: { method: "POST", path: "/v1/services/{name}/fork", stream: false },
  checkpointDelete: { method: "POST", path: "/v1/services/{name}/checkpoints/{id}/delete", stream: false },
  checkpointPrune: { method: "POST", path: "/v1/services/{name}/checkpoints/prune", stream: false },
  checkpointExport: { method: "POST", path: "/v1/services/{name}/checkpoints/{id}/export", stream: false },
  checkpointDownload: { method: "GET", path: "/v1/services/{name}/checkpoints/{id}/content", stream: true },
  checkpointImport: { method: "POST", path: "/v1/services/{name}/checkpoints/import", stream: false },
} as const;
