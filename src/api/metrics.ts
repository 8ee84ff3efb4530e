import { z } from "zod";
import { defaultTenant, nameSchema } from "./name.ts";
import { needs, type OperationDeclaration } from "./permissions.ts";
import { metricRoutes } from "./routes/metric.ts";

/** Requests and documents of `solo metrics`; what `/metrics` gives in text is made from the same document. */

export const metricsRequestSchema = z.strictObject({
  tenant: nameSchema.default(defaultTenant),
  /** Only what is measured of this service. */
  name: nameSchema.optional(),
});
export const metricsAllRequestSchema = z.strictObject({});

export const metricTypes = ["counter", "gauge", "histogram", "summary"] as const;

const count = z.number().nonnegative();

/** One series: what was measured under one set of labels. */
export const metricSampleSchema = z.object({
  /** Labels without a value are left out. */
  labels: z.record(z.string(), z.string()),
  /** Of a histogram or summary: how many observations there were. */
  value: z.number(),
  /** Of all observations of a histogram or summary. */
  sum: z.number().optional(),
  /** Of a histogram: how many observations were at most `le`. */
  buckets: z.array(z.object({ le: z.number(), count })).optional(),
});
export type MetricSample = z.infer<typeof metricSampleSchema>;

export const metricFamilySchema = z.object({
  name: z.string(),
  type: z.enum(metricTypes),
  help: z.string(),
  samples: z.array(metricSampleSchema),
});
export type MetricFamily = z.infer<typeof metricFamilySchema>;

export const metricsDocumentSchema = z.object({
  families: z.array(metricFamilySchema),
  /** Series in all families. */
  series: z.int().nonnegative(),
  /** Series that were left out because a family has too many. */
  dropped: z.int().nonnegative(),
});
export type MetricsDocument = z.infer<typeof metricsDocumentSchema>;

export const metricOperations = {
  metrics: { ...metricRoutes.metrics, input: metricsRequestSchema, ...needs("read", "visible") },
  metricsAll: { ...metricRoutes.metricsAll, input: metricsAllRequestSchema, ...needs("read", "kernel") },
} as const satisfies Record<string, OperationDeclaration>;

export interface MetricOutput {
  metrics: MetricsDocument;
  metricsAll: MetricsDocument;
}

export const metricAnswers: { readonly [Name in keyof MetricOutput]: z.ZodType<MetricOutput[Name]> } = {
  metrics: metricsDocumentSchema,
  metricsAll: metricsDocumentSchema,
};
