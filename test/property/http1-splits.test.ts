import { expect, test } from "bun:test";
import fc from "fast-check";
import { BodyKind, BodyReader, RequestHead } from "../../src/traffic/http1/index.ts";

/** Collects what a reader passes on. */
class Collector {
  text = "";
  write(src: Buffer, start: number, end: number): void {
    this.text += src.toString("latin1", start, end);
  }
}

interface Outcome {
  readonly text: string;
  readonly done: boolean;
  readonly fault: string | undefined;
  readonly rest: string;
}

/** Reads a chunked body that arrives in these pieces. */
function read(pieces: readonly string[], part: "whole" | "trailerless" | "data"): Outcome {
  const reader = new BodyReader();
  const sink = new Collector();
  reader.start(BodyKind.chunked, 0, part);
  let rest = "";
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1");
    const end = reader.done ? 0 : reader.consume(bytes, 0, bytes.length, sink);
    if (reader.fault !== null) break;
    if (reader.done) rest += bytes.toString("latin1", end);
  }
  return { text: sink.text, done: reader.done, fault: reader.fault?.reason, rest };
}

function split(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((to, i) => text.slice(places[i], to));
}

const data = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
const extension = fc.constantFrom("", "", ";a", ";a=b", ';a="b c"');
const body = fc
  .tuple(
    fc.array(fc.tuple(data, extension), { maxLength: 6 }),
    extension,
    fc.constantFrom("", "X-Sum: 1\r\n", "Cookie: a\r\n"),
  )
  .map(([chunks, last, trailers]) => ({
    plain: chunks.map(([text]) => text).join(""),
    coded: `${chunks.map(([text, ext]) => `${text.length.toString(16)}${ext}\r\n${text}\r\n`).join("")}0${last}\r\n${trailers}\r\n`,
  }));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("a chunked body reads the same however it is cut, and what follows it is left alone", () => {
  fc.assert(
    fc.property(
      body,
      cuts,
      data,
      fc.constantFrom("whole", "trailerless", "data"),
      ({ plain, coded }, places, next, part) => {
        const whole = read([coded + next], part);
        expect(read(split(coded + next, places), part)).toEqual(whole);
        expect(whole).toMatchObject({ done: true, fault: undefined, rest: next });
        if (part === "data") expect(whole.text).toBe(plain);
        // What was passed on is a chunked body again, with the same data and nothing behind it.
        else expect(read([whole.text], "data")).toEqual({ text: plain, done: true, fault: undefined, rest: "" });
      },
    ),
  );
});

test("arbitrary bytes in a chunked body are judged the same however they are cut", () => {
  const noise = fc.array(
    fc.constantFrom("0", "5", "a", "F", ";", "=", "\r\n", "\r", "\n", " ", "\0", "X: y", "hello"),
    {
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(noise, cuts, (parts, places) => {
      const text = parts.join("");
      const whole = read([text], "data");
      const pieces = read(split(text, places), "data");
      expect([pieces.fault, pieces.done, pieces.rest]).toEqual([whole.fault, whole.done, whole.rest]);
      if (whole.fault === undefined) expect(pieces.text).toBe(whole.text);
    }),
    { numRuns: 500 },
  );
});

const origin = Buffer.from("X-Forwarded-Host: ");

test("a head that isn't complete is never taken for one, and is never forwarded", () => {
  const head = new RequestHead();
  const text = "POST /a HTTP/1.1\r\nHost: a.localhost\r\nX: 1\r\nContent-Length: 3\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    expect(head.read(Buffer.from(text.slice(0, length)), 0, origin)).toBe(-1);
  }
  expect(head.read(Buffer.from(text), 0, origin)).toBe(text.length);
});
