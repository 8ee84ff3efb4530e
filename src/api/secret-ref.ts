import { z } from "zod";
import { secretNameForm, secretNamePattern } from "./secret-name.ts";

export const secretNameSchema = z.string().regex(secretNamePattern, `expects ${secretNameForm}`);

/** A secret that a service gets: as the file `$SOLO_SECRETS_DIR/NAME`, and as an environment variable where it asks for one. */
export const secretRefSchema = z.strictObject({
  name: secretNameSchema,
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional(),
});
export type SecretRef = z.infer<typeof secretRefSchema>;
