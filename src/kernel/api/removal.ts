import { removeRequestSchema, type SoloApi } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { removeService } from "../operations/remove.ts";
import { accept } from "./accept.ts";

/** The removal of services. */
export function removalApi(kernel: Kernel): Pick<SoloApi, "remove"> {
  return { remove: async (input) => removeService(kernel, accept(removeRequestSchema, input)) };
}
