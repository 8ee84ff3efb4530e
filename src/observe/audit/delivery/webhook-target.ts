import { readFileSync } from "node:fs";
import type { DeliveryTarget } from "./target.ts";

/** One attempt. */
const answerMs = 30_000;

/**
 * Posts records as JSON lines (`application/x-ndjson`), one batch after the other; any 2xx takes them. The headers
 * `solo-audit-first` and `solo-audit-last` name the sequences, by which a receiver tells a batch that comes again.
 * @param tokenFile read for each batch, so that the token can be changed
 */
export function webhookTarget(url: string, tokenFile: string | null): DeliveryTarget {
  const { origin, pathname } = new URL(url);
  return {
    name: "webhook",
    // A query may hold a secret.
    place: `${origin}${pathname}`,
    async deliver(records, signal) {
      const token = tokenFile === null ? undefined : readFileSync(tokenFile, "utf8").trim();
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/x-ndjson",
          "solo-audit-first": String(records[0]?.sequence ?? 0),
          "solo-audit-last": String(records.at(-1)?.sequence ?? 0),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: records.map(({ text }) => `${text}\n`).join(""),
        // A redirect would send the records, and perhaps the token, somewhere else.
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    },
    close() {},
  };
}
