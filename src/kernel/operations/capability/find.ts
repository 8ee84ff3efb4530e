import { type Caller, SoloError } from "../../../api/index.ts";
import { allows, type LiveCapability, reaches } from "../../../security/capability/index.ts";
import type { Kernel } from "../../kernel.ts";

/** Whether a caller may see and end a capability: its own, what came from that, and with `grant` all within its reach. */
export function mayManage(caller: Caller, live: LiveCapability): boolean {
  if (caller.kind === "owner") return true;
  if (caller.kind === "anonymous") return false;
  const { capability } = caller;
  if (isOwn(caller, live)) return true;
  return allows(capability.permissions, "grant") && reaches(capability, live);
}

/** Whether a capability is the caller's, or came from that. */
export function isOwn(caller: Caller, live: LiveCapability): boolean {
  if (caller.kind === "owner") return true;
  if (caller.kind === "anonymous") return false;
  return live.id === caller.capability.id || live.comesFrom(caller.capability.id);
}

/**
 * The capability of an id.
 * @throws SoloError `not_found`, in the same words for one that there is not and one that the caller may not know of
 */
export function findCapability(
  { parts }: Kernel,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  isVisible: (live: LiveCapability) => boolean,
): LiveCapability {
  const live = parts.capabilities.find(id);
  if (live !== undefined && live.tenant === tenant && isVisible(live)) return live;
  throw new SoloError("not_found", `there is no capability ${id}`, {
    hint: "`solo capability list --all` shows those that there are in a tenant",
  });
}
