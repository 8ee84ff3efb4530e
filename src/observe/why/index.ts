import type { WhyDocument } from "../../api/index.ts";
import type { EventLog } from "../events/index.ts";
import { explain } from "./explain.ts";

export { explain } from "./explain.ts";

/** Events of a service that are looked through, from the latest back. */
const maxEvents = 2_000;

/** {@link explain} from a log of events. */
export function explainService(events: EventLog, ref: { readonly tenant: string; readonly name: string }): WhyDocument {
  const newestFirst = events.recent(ref.tenant, ref.name, maxEvents).reverse();
  const known = new Map(newestFirst.map((event) => [event.id, event]));
  return explain(ref, newestFirst, (id) => known.get(id) ?? events.find(id));
}
