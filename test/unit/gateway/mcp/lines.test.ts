import { expect, test } from "bun:test";
import fc from "fast-check";
import { Lines } from "../../../../src/gateway/mcp/lines.ts";

const encoder = new TextEncoder();

test("however the bytes come, the lines are the same", () => {
  const line = fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 7 }), (wanted, size) => {
      const bytes = encoder.encode(wanted.map((text) => `${text}\n`).join(""));
      const lines = new Lines(1_000);
      const found: (string | null)[] = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...lines.take(bytes.subarray(at, at + size)));
      expect(found).toEqual(wanted);
    }),
  );
});

test("a line that is too long is skipped, and the next one is not", () => {
  const lines = new Lines(4);
  const found = ["1234", "5", "67", "8\nnext\nlonger\nok\n"].flatMap((text) => [...lines.take(encoder.encode(text))]);
  expect(found).toEqual([null, "next", null, "ok"]);
});
