import { expect, test } from "bun:test";
import type { MetricsDocument } from "../../../src/api/index.ts";
import { compareRevisions, countsOf, type TrafficSample } from "../../../src/dashboard/service/traffic.ts";

/** Requests of an instance as a kernel tells them: how many by class of status, and by how long they took. */
function metrics(
  instances: Record<string, { readonly codes: Record<string, number>; readonly within: Record<string, number> }>,
): MetricsDocument {
  const all = Object.entries(instances);
  const requests = all.flatMap(([instance, { codes }]) =>
    Object.entries(codes).map(([code, value]) => ({ labels: { instance, code }, value })),
  );
  const durations = all.map(([instance, { within }]) => {
    const buckets = Object.entries(within).map(([le, count]) => ({ le: Number(le), count }));
    return { labels: { instance }, value: buckets.at(-1)?.count ?? 0, buckets };
  });
  return {
    families: [
      { name: "solo_instance_requests_total", type: "counter", help: "", samples: requests },
      { name: "solo_instance_request_duration_seconds", type: "histogram", help: "", samples: durations },
    ],
    series: 0,
    dropped: 0,
  };
}

const sample = (at: number, document: MetricsDocument): TrafficSample => ({ at, byInstance: countsOf(document) });
const revisions = new Map([
  ["a-1", "old"],
  ["a-2", "new"],
]);

test("revisions are compared by what happened in between, each by itself", () => {
  const before = metrics({ "a-1": { codes: { "2xx": 100 }, within: { "0.01": 100, "0.1": 100 } } });
  const after = metrics({
    "a-1": { codes: { "2xx": 190, "5xx": 10 }, within: { "0.01": 199, "0.1": 200 } },
    "a-2": { codes: { "2xx": 300 }, within: { "0.01": 0, "0.1": 300 } },
  });
  expect(compareRevisions([sample(0, before), sample(10_000, after)], revisions)).toEqual([
    {
      ...{ revision: "old", instances: ["a-1"], requests: 100, perSecond: 10, share: 0.25, errorRatio: 0.1 },
      ...{ p50: 0.01, p99: 0.01 },
    },
    {
      ...{ revision: "new", instances: ["a-2"], requests: 300, perSecond: 30, share: 0.75, errorRatio: 0 },
      ...{ p50: 0.1, p99: 0.1 },
    },
  ]);
});

test("an instance that has gone counts until it was seen last, and a kernel that is new from zero", () => {
  const one = metrics({ "a-1": { codes: { "2xx": 50 }, within: {} }, "a-2": { codes: { "2xx": 70 }, within: {} } });
  const two = metrics({ "a-1": { codes: { "2xx": 60 }, within: {} }, "a-2": { codes: { "2xx": 5 }, within: {} } });
  const three = metrics({ "a-2": { codes: { "2xx": 8 }, within: {} } });
  const rows = compareRevisions([sample(0, one), sample(1_000, two), sample(2_000, three)], revisions);
  expect(rows.map(({ revision, requests, p50 }) => [revision, requests, p50])).toEqual([
    ["old", 10, null],
    ["new", 8, null],
  ]);
});

test("one moment tells what was until then, and none nothing", () => {
  const now = metrics({
    "a-1": { codes: { "2xx": 5 }, within: { "0.01": 5 } },
    other: { codes: { "2xx": 1 }, within: {} },
  });
  expect(compareRevisions([sample(0, now)], revisions)).toMatchObject([{ requests: 0, perSecond: 0, share: 0 }]);
  expect(compareRevisions([], revisions)).toEqual([]);
});
