import { z } from "zod";
import { nameSchema } from "./name.ts";

/** What a service says about what it provides to others. */

export const defaultVersion = "1.0.0";
/** Any text without spaces: nothing is compared but for being the same. */
export const providedVersionSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, "expects a version of 1 to 64 letters, such as 1.2.0");

const mostFields = 64;
export const metadataSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9_.-]{1,63}$/, "expects keys of 1 to 63 letters, digits, `_`, `.` or `-`"),
    z.string().max(512),
  )
  .refine((metadata) => Object.keys(metadata).length <= mostFields, `expects at most ${mostFields} fields`);

/** One entry of `provides` in solo.toml. */
export const providesSchema = z.strictObject({
  /** What it is found by. */
  name: nameSchema,
  version: providedVersionSchema.default(defaultVersion),
  metadata: metadataSchema.default({}),
});
export type Provides = z.infer<typeof providesSchema>;
