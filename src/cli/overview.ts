import { type HealthDocument, type ServiceRow, type SoloApi, SoloError } from "../api/index.ts";

/** What `solo status` shows without a name. `kernel` is null when none runs. */
export interface Overview {
  readonly kernel: HealthDocument | null;
  readonly services: readonly ServiceRow[];
}

export async function readOverview(api: Pick<SoloApi, "list" | "health">, tenant: string): Promise<Overview> {
  const [kernel, { services }] = await Promise.all([healthOrNull(api), api.list({ tenant })]);
  return { kernel, services };
}

async function healthOrNull(api: Pick<SoloApi, "health">): Promise<HealthDocument | null> {
  try {
    return await api.health({});
  } catch (thrown) {
    if (thrown instanceof SoloError && thrown.code === "unreachable") return null;
    throw thrown;
  }
}
