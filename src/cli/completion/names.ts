import { localContext, settingKeys } from "../../config/index.ts";
import type { Session } from "../session.ts";
import type { NameSource } from "./candidates.ts";

/** Names for completion. Someone waits at a prompt: whatever takes too long or fails is an empty list. */
export function nameSource(open: () => Promise<Session>): NameSource {
  return {
    services: () => quickly(async () => serviceNames(await open())),
    contexts: () => quickly(async () => [localContext, ...(await open()).config.contexts.keys()]),
    settings: async () => settingKeys(),
  };
}

async function serviceNames(session: Session): Promise<string[]> {
  const kernel = await session.reader();
  const { services } = await kernel.list({ tenant: session.tenant });
  return services.map(({ service }) => service);
}

async function quickly(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const names = read().catch(() => []);
  return Promise.race([names, Bun.sleep(patienceMs).then(() => [])]);
}

/** A pause that is not yet felt as one. */
const patienceMs = 150;
