import {
  type SoloApi,
  stateDeleteRequestSchema,
  stateGetRequestSchema,
  stateImportRequestSchema,
  stateScanRequestSchema,
  stateSetRequestSchema,
  stateWatchRequestSchema,
} from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { deleteState, getState, importState, scanState, setState, watchState } from "../operations/state.ts";
import { accept } from "./accept.ts";
import { lazily } from "./lazily.ts";

/** The operations on what services remember. */
export function stateApi(
  kernel: Kernel,
): Pick<SoloApi, "stateGet" | "stateSet" | "stateDelete" | "stateScan" | "stateWatch" | "stateImport"> {
  return {
    stateGet: async (input) => getState(kernel, accept(stateGetRequestSchema, input)),
    stateSet: async (input) => setState(kernel, accept(stateSetRequestSchema, input)),
    stateDelete: async (input) => deleteState(kernel, accept(stateDeleteRequestSchema, input)),
    stateScan: (input) => lazily(() => scanState(kernel, accept(stateScanRequestSchema, input))),
    stateWatch: (input, signal) => {
      const end = signal === undefined ? kernel.ending : AbortSignal.any([signal, kernel.ending]);
      return lazily(() => watchState(kernel, accept(stateWatchRequestSchema, input), end));
    },
    stateImport: async (input) => importState(kernel, accept(stateImportRequestSchema, input)),
  };
}
