import { z } from "zod";
import { type EventDocument, eventSchema } from "../../../src/api/index.ts";
import type { SoloEnv } from "../../support/index.ts";
import { solo } from "./crowd.ts";

/** Of more than so many events of one service the oldest are left out. */
const mostEvents = 10_000;

/** What happened of one kind to a service, oldest first. */
export async function eventsOf(env: SoloEnv, service: string, kind: string): Promise<EventDocument[]> {
  const { stdout } = await solo(env, "events", service, "--tail", String(mostEvents), "--json");
  const lines = stdout.split("\n").filter(Boolean);
  return z
    .array(eventSchema)
    .parse(lines.map((line) => JSON.parse(line)))
    .filter(({ event }) => event === kind);
}
