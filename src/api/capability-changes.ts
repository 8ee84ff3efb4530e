import { z } from "zod";

/** One thing that a service may, or may no longer, after a deploy. */
export const capabilityChangeSchema = z.object({
  change: z.enum(["added", "removed"]),
  /** What it is about, by the name that `solo.toml` has for it, such as `sandbox.connect`. */
  setting: z.string(),
  value: z.string(),
  /** Whether the service may more than before by it. */
  widens: z.boolean(),
});
export type CapabilityChange = z.infer<typeof capabilityChangeSchema>;
