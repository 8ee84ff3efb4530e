import { Access } from "./access/index.ts";
import { admission } from "./admission.ts";
import { kernelApi } from "./api.ts";
import { accessAudit } from "./audit.ts";
import type { Kernel } from "./kernel.ts";

/** The access layer over a kernel's operations. */
export function openAccess(kernel: Kernel): Access {
  return new Access({
    api: (caller) => kernelApi(kernel, caller),
    admission: admission(kernel.parts.traffic),
    audit: accessAudit(kernel.parts.audit.trail),
  });
}
