/** Where the metrics lie under HTTP; part of `routes`. */
export const metricRoutes = {
  metrics: { method: "GET", path: "/v1/metrics", stream: false },
  metricsAll: { method: "GET", path: "/v1/metrics/all", stream: false },
} as const;
