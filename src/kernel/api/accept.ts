import type { z } from "zod";
import { isAccepted, SoloError } from "../../api/index.ts";

/**
 * Checks what a caller passed to an operation and fills in the defaults: the one door through which the requests of every
 * transport come. What a gateway has checked by the same schema is taken as it is.
 * @throws SoloError `invalid_name` or `invalid_request`, naming the field
 */
export function accept<Schema extends z.ZodType>(schema: Schema, input: z.input<Schema>): z.output<Schema> {
  if (isAccepted(schema, input)) return input;
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  const isName = field === "name" || field === "tenant" || field.endsWith(".name");
  throw new SoloError(
    isName ? "invalid_name" : "invalid_request",
    field === "" ? (issue?.message ?? "invalid") : `${field}: ${issue?.message}`,
    {
      ...(isName && { hint: "`solo list` shows the names that exist" }),
      details: { field },
    },
  );
}
