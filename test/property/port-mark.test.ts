import { expect, test } from "bun:test";
import fc from "fast-check";
import { MarkFinder, markOf } from "../../src/supervise/port/mark.ts";

const session = fc.uint8Array({ minLength: 16, maxLength: 16 });
const cuts = fc.array(fc.nat(), { maxLength: 20 });

function split(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [0, ...places.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.slice(1).map((to, index) => bytes.slice(ends[index], to));
}

/** What lies behind the mark, as it comes. */
function behind(mark: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array | undefined {
  let finder: MarkFinder | undefined = new MarkFinder(mark);
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    const found = finder === undefined ? piece : finder.push(piece);
    if (found === undefined) continue;
    finder = undefined;
    rest.push(found);
  }
  return finder === undefined ? Buffer.concat(rest) : undefined;
}

test("a mark is found behind anything, however the stream is cut, and what follows it is left whole", () => {
  fc.assert(
    fc.property(
      session,
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      cuts,
      (id, before, after, places) => {
        const mark = markOf(id);
        // A part of the mark in front of it is the worst that can come.
        const stream = Buffer.concat([before, mark.slice(0, before.length % mark.length), mark, after]);
        const found = behind(mark, split(stream, places));
        expect(found && Buffer.from(found).subarray(-after.length || found.length)).toEqual(Buffer.from(after));
      },
    ),
  );
});

test("a mark of another session is none", () => {
  fc.assert(
    fc.property(session, session, cuts, (one, other, places) => {
      fc.pre(!Buffer.from(one).equals(other));
      expect(behind(markOf(one), split(markOf(other), places))).toBeUndefined();
    }),
  );
});
