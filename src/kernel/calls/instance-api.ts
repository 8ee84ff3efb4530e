import { type ApiAccess, type SoloApi, SoloError } from "../../api/index.ts";
import type { Capabilities } from "../../security/capability/index.ts";
import { callerOf } from "../capabilities.ts";

/** The operations as an instance has them, by its own token. */
export function instanceApis(capabilities: Capabilities, access: () => ApiAccess): (instance: string) => SoloApi {
  return (instance) => {
    const live = capabilities.ofInstance(instance);
    if (live === undefined) throw new SoloError("forbidden", `the instance ${instance} has no capability`);
    return access().apiFor(callerOf(live, crypto.randomUUID()));
  };
}
