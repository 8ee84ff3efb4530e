import type { MetricsDocument } from "../../api/metrics.ts";

/** What was counted of the requests of one instance, since it began. */
export interface Counts {
  readonly requests: number;
  /** Answered with 5xx, or cut off by the service. */
  readonly errors: number;
  /** How many took at most so many seconds, of those that were timed. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** How many were timed. */
  readonly timed: number;
}

/** The counts of all instances at one moment. */
export interface TrafficSample {
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number;
  readonly byInstance: ReadonlyMap<string, Counts>;
}

/** What one revision had of the requests between two moments. */
export interface RevisionTraffic {
  readonly revision: string;
  readonly instances: readonly string[];
  readonly requests: number;
  readonly perSecond: number;
  /** Of the requests of all revisions, 0 to 1. */
  readonly share: number;
  /** Of its own requests, 0 to 1. */
  readonly errorRatio: number;
  /** So many seconds, or less, took half of them, and 99 of 100. Null: none was timed, or it took longer than is told apart. */
  readonly p50: number | null;
  readonly p99: number | null;
}

export function countsOf({ families }: MetricsDocument): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  const samplesOf = (name: string) => families.find((family) => family.name === name)?.samples ?? [];
  for (const { labels, value } of samplesOf("solo_instance_requests_total")) {
    const { instance = "", code = "" } = labels;
    const known = counts.get(instance) ?? none;
    const errors = known.errors + (code === "5xx" ? value : 0);
    counts.set(instance, { ...known, requests: known.requests + value, errors });
  }
  for (const { labels, value, buckets = [] } of samplesOf("solo_instance_request_duration_seconds")) {
    const { instance = "" } = labels;
    counts.set(instance, { ...(counts.get(instance) ?? none), buckets, timed: value });
  }
  return counts;
}

/**
 * The revisions beside each other, by what happened between the first sample and the last. An instance that came meanwhile
 * counts from its begin, one that went until it was seen last.
 */
export function compareRevisions(
  samples: readonly TrafficSample[],
  revisionOf: ReadonlyMap<string, string>,
): RevisionTraffic[] {
  const seconds = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 1_000;
  const revisions = new Map<string, { readonly instances: string[]; counts: Counts }>();
  for (const [instance, counts] of meanwhile(samples)) {
    const revision = revisionOf.get(instance);
    if (revision === undefined) continue;
    const known = revisions.get(revision) ?? { instances: [], counts: none };
    revisions.set(revision, { instances: [...known.instances, instance], counts: sum(known.counts, counts) });
  }
  const all = [...revisions.values()].reduce((total, { counts }) => total + counts.requests, 0);
  return [...revisions].map(([revision, { instances, counts }]) => ({
    revision,
    instances,
    requests: counts.requests,
    perSecond: seconds === 0 ? 0 : counts.requests / seconds,
    share: all === 0 ? 0 : counts.requests / all,
    errorRatio: counts.requests === 0 ? 0 : counts.errors / counts.requests,
    p50: percentile(counts, 0.5),
    p99: percentile(counts, 0.99),
  }));
}

const none: Counts = { requests: 0, errors: 0, buckets: [], timed: 0 };

function meanwhile(samples: readonly TrafficSample[]): Map<string, Counts> {
  const last = new Map(samples.flatMap(({ byInstance }) => [...byInstance]));
  const first = samples[0]?.byInstance;
  return new Map([...last].map(([instance, counts]) => [instance, since(first?.get(instance) ?? none, counts)]));
}

/** A kernel that is new counts from zero. */
function since(before: Counts, now: Counts): Counts {
  if (now.requests < before.requests || now.timed < before.timed) return now;
  const buckets = now.buckets.map(({ le, count }, index) => ({
    le,
    count: count - (before.buckets[index]?.count ?? 0),
  }));
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    buckets,
    timed: now.timed - before.timed,
  };
}

function sum(one: Counts, other: Counts): Counts {
  const longer = one.buckets.length > 0 ? one.buckets : other.buckets;
  const count = ({ buckets }: Counts, index: number) => buckets[index]?.count ?? 0;
  return {
    requests: one.requests + other.requests,
    errors: one.errors + other.errors,
    buckets: longer.map(({ le }, index) => ({ le, count: count(one, index) + count(other, index) })),
    timed: one.timed + other.timed,
  };
}

function percentile({ buckets, timed }: Counts, part: number): number | null {
  if (timed === 0) return null;
  return buckets.find(({ count }) => count >= timed * part)?.le ?? null;
}
