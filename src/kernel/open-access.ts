import { Access } from "./access/index.ts";
import { kernelApi } from "./api.ts";
import type { Kernel } from "./kernel.ts";

/** The access layer over a kernel's operations. */
export function openAccess(kernel: Kernel): Access {
  return new Access({ api: () => kernelApi(kernel) });
}
