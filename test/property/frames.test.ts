import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeMessage,
  FrameRefusal,
  FrameSplitter,
  MessageReader,
  PayloadScanner,
  type RefusalReason,
  toFrame,
  toFrames,
} from "../../src/api/frames/index.ts";
import { pack } from "../../src/api/message-pack.ts";

interface Read {
  readonly values: unknown[];
  readonly refusals: RefusalReason[];
}

/** What a reader makes of a stream that comes in these pieces. */
function read(pieces: readonly Uint8Array[], reader = new MessageReader()): Read {
  const values: unknown[] = [];
  const refusals: RefusalReason[] = [];
  const sink = {
    message: (raw: Parameters<typeof decodeMessage>[0]) => {
      const decoded = decodeMessage(raw);
      if (decoded instanceof FrameRefusal) refusals.push(decoded.reason);
      else values.push(decoded.value);
    },
    refused: ({ reason }: FrameRefusal) => void refusals.push(reason),
  };
  for (const piece of pieces) reader.push(piece, sink);
  reader.end(sink);
  return { values, refusals };
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, index) => bytes.slice(places[index], to));
}

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  // A whole number is packed as an integer, of which there is no negative zero.
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.string({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 20, noNullPrototype: true },
    ),
  ),
}));
/** Nothing that the reader would take for a chunk. */
const messages = fc.array(
  value.map((data) => ({ type: "message", data })),
  { maxLength: 6 },
);
const cuts = fc.array(fc.nat(), { maxLength: 30 });
const frameBytes = fc.integer({ min: 60, max: 2_000 });

test("a stream reads the same however it is cut, with messages whole or in chunks of any size", () => {
  fc.assert(
    fc.property(messages, cuts, frameBytes, (sent, places, limit) => {
      const frames = sent.flatMap((message, id) => [...toFrames([pack(message)], { id, frameBytes: limit })]);
      const { values, refusals } = read(split(Buffer.concat(frames), places));
      expect(refusals).toEqual([]);
      expect(values).toEqual(sent);
    }),
  );
});

test("a scanner accepts what the library packs, whole or in pieces, and finds the members of a map", () => {
  fc.assert(
    fc.property(value, cuts, (data, places) => {
      const bytes = pack({ type: "message", data });
      const scanner = new PayloadScanner();
      for (const piece of split(bytes, places)) expect(scanner.push(piece)).toBeUndefined();
      expect(scanner.end()).toBeUndefined();
      const [, , , range = [0, 0]] = scanner.members();
      expect(Buffer.from(bytes.subarray(...range))).toEqual(Buffer.from(pack(data)));
    }),
  );
});

test("any bytes end in values and typed refusals, and nothing is thrown", () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 100 }).map(toFrame),
    fc.tuple(value, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([data, at, byte]) => {
      const bytes = Uint8Array.from(pack(data));
      bytes[at % bytes.length] = byte;
      return toFrame(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 8 }), cuts, (pieces, places) => {
      const { refusals } = read(split(Buffer.concat(pieces), places));
      for (const reason of refusals) expect(reason).toBeString();
    }),
    { numRuns: 500 },
  );
});

test("a payload that is refused leaves the frames after it alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), cuts, (noise, places) => {
      const frames = [toFrame(noise), toFrame(pack({ type: "after" }))];
      const { values, refusals } = read(split(Buffer.concat(frames), places));
      expect(values.at(-1)).toEqual({ type: "after" });
      expect(values.length + refusals.length).toBe(2);
    }),
  );
});

test("memory follows what came, not what a length claims", () => {
  const claims = [
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0x7f, 0xff, 0xff, 0xff],
    [0xc9, 0xff, 0xff, 0xff, 0xff, 0xff],
  ];
  for (const claim of claims) expect(read([toFrame(Uint8Array.from(claim))]).refusals).toEqual(["truncated"]);
  // A header that promises the longest frame, a thousand times.
  const before = process.memoryUsage().arrayBuffers;
  const splitters = Array.from({ length: 1_000 }, () => {
    const splitter = new FrameSplitter();
    splitter.push(Uint8Array.from([0, 0x10, 0, 0, 1]), () => {});
    return splitter;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  expect(splitters.every(({ isBetweenFrames }) => !isBetweenFrames)).toBe(true);
});
