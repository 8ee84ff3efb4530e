import { z } from "zod";
import type { RevokedCertificate } from "./revoked-certificates.ts";

/** The list of client certificates that count no more, as it lies in a file. */
export const revokedListSchema: z.ZodType<{ readonly revoked: readonly RevokedCertificate[] }> = z.object({
  revoked: z.array(
    z.object({
      name: z.string().nullable(),
      tenant: z.string().nullable(),
      serial: z.string().nullable(),
      sha256: z.string().nullable(),
      revoked: z.iso.datetime(),
      expires: z.iso.datetime().nullable(),
    }),
  ),
});
