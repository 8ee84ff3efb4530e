import { test } from "bun:test";
import fc from "fast-check";
import { parseStat } from "../../src/system/index.ts";

const number = fc.nat({ max: 2_000_000_000 });

test("a stat line gives back its fields, whatever the process is called", () => {
  fc.assert(
    fc.property(
      fc.record({ pid: number, ppid: number, pgid: number, sid: number, utime: number, stime: number, start: number }),
      fc.string({ unit: "binary-ascii", maxLength: 15 }).map((name) => `${name})( `),
      fc.constantFrom("R", "S", "D", "T", "Z"),
      ({ pid, ppid, pgid, sid, utime, stime, start }, comm, state) => {
        const rest = [ppid, pgid, sid, 0, -1, 0, 0, 0, 0, 0, utime, stime, 0, 0, 20, 0, 2, 0, start, 0];
        const stat = parseStat(`${pid} (${comm}) ${state} ${rest.join(" ")}`);
        return (
          stat !== undefined &&
          stat.comm === comm &&
          stat.state === state &&
          [stat.pid, stat.ppid, stat.pgid, stat.sid, stat.utimeTicks, stat.stimeTicks, stat.startTime].join() ===
            [pid, ppid, pgid, sid, utime, stime, start].join()
        );
      },
    ),
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseStat(text);
    }),
  );
});
