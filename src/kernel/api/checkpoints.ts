import {
  checkpointCreateRequestSchema,
  checkpointDeleteRequestSchema,
  checkpointExportRequestSchema,
  checkpointForkRequestSchema,
  checkpointPruneRequestSchema,
  checkpointRequestSchema,
  checkpointRestoreRequestSchema,
  checkpointsRequestSchema,
  type ServiceRef,
  type SoloApi,
} from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import {
  createCheckpoint,
  deleteCheckpoint,
  exportCheckpoint,
  pruneCheckpoints,
} from "../operations/checkpoint/change.ts";
import { checkpointList } from "../operations/checkpoint/documents.ts";
import { downloadCheckpoint } from "../operations/checkpoint/download.ts";
import { forkCheckpoint } from "../operations/checkpoint/fork.ts";
import { showCheckpoint, verifyCheckpoint } from "../operations/checkpoint/read.ts";
import { restoreCheckpoint } from "../operations/checkpoint/restore.ts";
import { accept } from "./accept.ts";
import { lazily } from "./lazily.ts";

/** The operations on checkpoints. */
export function checkpointApi(
  kernel: Kernel,
): Pick<
  SoloApi,
  | "checkpoints"
  | "checkpointShow"
  | "checkpointVerify"
  | "checkpointCreate"
  | "checkpointRestore"
  | "checkpointFork"
  | "checkpointDelete"
  | "checkpointPrune"
  | "checkpointExport"
  | "checkpointDownload"
> {
  const of = (ref: ServiceRef) => kernel.parts.checkpoints.of(kernel.get(ref).ref);
  return {
    checkpoints: async (input) => checkpointList(of(accept(checkpointsRequestSchema, input)).catalog),
    checkpointShow: async (input) => {
      const request = accept(checkpointRequestSchema, input);
      return showCheckpoint(of(request), request);
    },
    checkpointVerify: async (input) => {
      const request = accept(checkpointRequestSchema, input);
      return verifyCheckpoint(of(request), request, request.id);
    },
    checkpointCreate: async (input) => createCheckpoint(kernel, accept(checkpointCreateRequestSchema, input)),
    checkpointRestore: async (input) => restoreCheckpoint(kernel, accept(checkpointRestoreRequestSchema, input)),
    checkpointFork: async (input) => forkCheckpoint(kernel, accept(checkpointForkRequestSchema, input)),
    checkpointDelete: async (input) => deleteCheckpoint(kernel, accept(checkpointDeleteRequestSchema, input)),
    checkpointPrune: async (input) => pruneCheckpoints(kernel, accept(checkpointPruneRequestSchema, input)),
    checkpointExport: async (input) => exportCheckpoint(kernel, accept(checkpointExportRequestSchema, input)),
    checkpointDownload: (input) =>
      lazily(() => {
        const request = accept(checkpointRequestSchema, input);
        return downloadCheckpoint(of(request), request);
      }),
  };
}
