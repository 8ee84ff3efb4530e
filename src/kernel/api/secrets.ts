import {
  type SoloApi,
  secretDeleteRequestSchema,
  secretGetRequestSchema,
  secretListRequestSchema,
  secretRekeyRequestSchema,
  secretRotateRequestSchema,
  secretSetRequestSchema,
  secretUnlockRequestSchema,
} from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import {
  deleteSecret,
  getSecret,
  listSecrets,
  rekeySecrets,
  rotateSecret,
  setSecret,
  unlockSecrets,
} from "../operations/secrets.ts";
import { accept } from "./accept.ts";

/** The operations on secrets. */
export function secretApi(
  kernel: Kernel,
): Pick<
  SoloApi,
  "secretList" | "secretSet" | "secretGet" | "secretRotate" | "secretDelete" | "secretRekey" | "secretUnlock"
> {
  return {
    secretList: async (input) => listSecrets(kernel, accept(secretListRequestSchema, input)),
    secretSet: async (input) => setSecret(kernel, accept(secretSetRequestSchema, input)),
    secretGet: async (input) => getSecret(kernel, accept(secretGetRequestSchema, input)),
    secretRotate: async (input) => rotateSecret(kernel, accept(secretRotateRequestSchema, input)),
    secretDelete: async (input) => deleteSecret(kernel, accept(secretDeleteRequestSchema, input)),
    secretRekey: async (input) => rekeySecrets(kernel, accept(secretRekeyRequestSchema, input)),
    secretUnlock: async (input) => unlockSecrets(kernel, accept(secretUnlockRequestSchema, input)),
  };
}
