import { Access } from "./access/index.ts";
import { kernelApi } from "./api.ts";
import { accessAudit } from "./audit.ts";
import type { Kernel } from "./kernel.ts";

/** The access layer over a kernel's operations. */
export function openAccess(kernel: Kernel): Access {
  return new Access({ api: () => kernelApi(kernel), audit: accessAudit(kernel.parts.audit.trail) });
}
