import { expect, test } from "bun:test";
import { expired, type StoredInfo } from "../../../../src/state/checkpoint/retention.ts";

const hour = 3_600_000;
const now = 100 * hour;
const all = { keep_ms: 24 * hour, keep_count: 1_000, keep_bytes: 1e12 };

/** A checkpoint that was made so many hours ago. */
function made(hoursAgo: number, more: Partial<StoredInfo> = {}): StoredInfo {
  return {
    id: `20261121-000000-${String(hoursAgo).padStart(6, "0")}`,
    tenant: "default",
    service: "svc",
    revision: null,
    spec_sha256: null,
    created: now - hoursAgo * hour,
    position: 1_000 - hoursAgo,
    time: now - hoursAgo * hour,
    entries: 1,
    bytes: 1,
    files: 0,
    body_bytes: 4,
    sha256: "0".repeat(64),
    reason: "interval",
    parent: null,
    foreign: null,
    stored_bytes: 100,
    ...more,
  };
}

const hoursOf = (gone: readonly StoredInfo[]) => gone.map(({ created }) => (now - created) / hour);

test("every moment of the kept time can be restored: the newest one before it stays", () => {
  const checkpoints = [40, 30, 25, 20, 1].map((hours) => made(hours));
  expect(hoursOf(expired(checkpoints, all, now))).toEqual([40, 30]);
});

test("beyond the count and the bytes the oldest go, and never the newest", () => {
  const checkpoints = [5, 4, 3, 2, 1].map((hours) => made(hours));
  expect(hoursOf(expired(checkpoints, { ...all, keep_count: 2 }, now))).toEqual([5, 4, 3]);
  expect(hoursOf(expired(checkpoints, { ...all, keep_bytes: 250 }, now))).toEqual([5, 4, 3]);
  expect(hoursOf(expired(checkpoints, { ...all, keep_bytes: 1, keep_count: 0 }, now))).toEqual([5, 4, 3, 2]);
});

test("an imported one is no base: it goes with its age, and the newest of the service's own stays", () => {
  const foreign = { foreign: { tenant: "default", service: "other" }, position: 5_000 };
  const checkpoints = [made(50), made(40), made(30, foreign)];
  expect(hoursOf(expired(checkpoints, all, now))).toEqual([50, 30]);
});
