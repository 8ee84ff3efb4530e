import { z } from "zod";

/** What an agent may say, and in which form (docs/protocol.md, section 5). Fields that are not named are ignored. */

const base = { timestamp: z.number(), version: z.int().optional() };

export const helloSchema = z.object({
  ...base,
  version: z.int(),
  data: z
    .object({
      name: z.string().max(200).optional(),
      methods: z.array(z.string()).max(1_000).optional(),
      hot_reload: z.boolean().optional(),
    })
    .optional(),
});

const logEntrySchema = z.object({
  operation: z.string().min(1).max(100),
  params: z.unknown().optional(),
  sequence: z.int().positive(),
});
export type LogEntry = z.infer<typeof logEntrySchema>;

export const entrySchema = z.object({ ...base, data: logEntrySchema });
export const batchSchema = z.object({
  ...base,
  data: z
    .array(logEntrySchema)
    .min(1)
    .max(1_000)
    .refine(
      (entries) =>
        entries.every(({ sequence }, index) => index === 0 || sequence > (entries[index - 1]?.sequence ?? 0)),
      { error: "sequences must rise" },
    ),
});

export const checkpointSchema = z.object({
  ...base,
  metadata: z.object({ sequence: z.int().nonnegative().optional() }).nullish(),
  compressed: z.boolean().nullish(),
  compression: z.literal("zstd").nullish(),
});

export const intentSchema = z.object({
  ...base,
  hypothesis: z.object({
    reason: z.string(),
    target: z.string(),
    new_code: z.string(),
    expected_improvement: z.object({
      latency: z.number().nullish(),
      memory: z.number().nullish(),
      accuracy: z.number().nullish(),
    }),
  }),
});

export type Hypothesis = z.infer<typeof intentSchema>["hypothesis"];

const measure = z.number().nullish();
export const metricsSchema = z.object({
  ...base,
  data: z.object({
    avg_latency: measure,
    p50_latency: measure,
    p95_latency: measure,
    p99_latency: measure,
    error_rate: measure,
    memory_usage: measure,
    throughput: measure,
    active_tools: measure,
    memory_blocks: measure,
  }),
});
/** The measures that it gave; those it left out are missing or null. */
export type AgentMetrics = Readonly<Record<string, number | null>>;

export const responseSchema = z.object({
  ...base,
  request_id: z.string(),
  data: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});

export const stepRequestSchema = z.object({
  ...base,
  request_id: z.string().min(1).max(100),
  operation: z.string().max(100),
  input: z.unknown().optional(),
});
export type StepRequest = z.infer<typeof stepRequestSchema>;

export const errorSchema = z.object({
  ...base,
  error: z.object({
    code: z.string(),
    message: z.string(),
    stack_trace: z.string().nullish(),
    context: z.unknown().optional(),
  }),
});

export const plainSchema = z.object(base);

/** Codes of the errors that the kernel answers with. */
export type PortErrorCode =
  | "INVALID_MESSAGE"
  | "OUT_OF_STEP"
  | "UNSUPPORTED_VERSION"
  | "WAL_FULL"
  | "CHECKPOINT_FAILED";
