import { expect, test } from "bun:test";
import fc from "fast-check";
import { frame, type LineState } from "../../src/observe/logs/frame.ts";
import { LineJoiner } from "../../src/observe/logs/line-joiner.ts";
import { newline, parseRecord, recordHead } from "../../src/observe/logs/record.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** Bytes in which newlines, and what could be mistaken for the format's own, are frequent. */
const output = fc
  .array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom("\n", "\n\n", " F ", "stdout", "\r\n", "\0")), {
    maxLength: 30,
  })
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part))));

test(`any bytes in any chunks come back as the same lines (SEED=${seed})`, () => {
  fc.assert(
    fc.property(
      output,
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 64, max: 200 }),
      (bytes, chunkSizes, roomBytes) => {
        expect(joined(records(bytes, chunkSizes, Buffer.alloc(roomBytes)))).toEqual(linesOf(bytes));
      },
    ),
    { seed, numRuns: 500 },
  );
});

test(`two streams whose chunks alternate don't mix (SEED=${seed})`, () => {
  fc.assert(
    fc.property(output, output, fc.integer({ min: 1, max: 30 }), (one, other, size) => {
      const first = records(one, [size], Buffer.alloc(4_096), "stdout");
      const second = records(other, [size], Buffer.alloc(4_096), "stderr");
      const mixed: Buffer[] = [];
      for (let at = 0; at < Math.max(first.length, second.length); at++) {
        mixed.push(...[first[at], second[at]].filter((record) => record !== undefined));
      }
      expect(joined(mixed, "stdout")).toEqual(linesOf(one));
      expect(joined(mixed, "stderr")).toEqual(linesOf(other));
    }),
    { seed, numRuns: 200 },
  );
});

test("a newline that lies behind the end of a chunk, left over from an earlier one, ends no line", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "\n", "bc"), { minLength: 1, maxLength: 20 }), (pieces) => {
      const head = recordHead(0, "api-1", "stdout");
      const room = Buffer.alloc(1_000);
      let state: LineState = "closed";
      const written: Buffer[] = [];
      for (const piece of pieces) {
        const chunk = Buffer.from(`${piece}\n`);
        const framed = frame(chunk, 0, piece.length, head, state, room);
        expect(framed.consumed).toBe(piece.length);
        written.push(Buffer.from(room.subarray(0, framed.produced)));
        state = framed.state;
      }
      expect(joined(written)).toEqual(linesOf(Buffer.from(pieces.join(""))));
    }),
  );
});

function records(
  bytes: Buffer,
  sizes: readonly number[],
  room: Buffer,
  stream: "stdout" | "stderr" = "stdout",
): Buffer[] {
  const head = recordHead(0, "i-1", stream);
  const written: Buffer[] = [];
  let state: LineState = "closed";
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = Math.min(bytes.length, start + (sizes[turn % sizes.length] ?? 1));
    while (start < end) {
      const framed = frame(bytes, start, end, head, state, room);
      written.push(Buffer.from(room.subarray(0, framed.produced)));
      state = framed.state;
      start += framed.consumed;
    }
  }
  return written;
}

function joined(written: readonly Buffer[], only?: string): string[] {
  const log = Buffer.concat(written);
  const joiner = new LineJoiner();
  const lines: { stream: string; message: Buffer }[] = [];
  for (let start = 0; start < log.length; ) {
    const end = log.indexOf(newline, start);
    const record = parseRecord(log, start, end);
    if (record === undefined) throw new Error(`no record at ${start}`);
    const line = joiner.add({ record, start, end: end + 1 }, 0);
    if (line) lines.push(line);
    start = end + 1;
  }
  return [...lines, ...joiner.flush()]
    .filter(({ stream }) => only === undefined || stream === only)
    .map(({ message }) => message.toString("hex"));
}

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => Buffer.from(line, "latin1").toString("hex"));
}
