import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { pack, unpack } from "../../../src/api/message-pack.ts";

/** The Python SDK's own MessagePack, beside the kernel's. */

const script = `
import sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dir, "../../../sdk/python"))})
from solo_agent.messagepack import MessagePackError, pack, unpack
for line in sys.stdin:
    try:
        print(pack(unpack(bytes.fromhex(line.strip()))).hex())
    except MessagePackError:
        print("refused")
`;

/** What Python makes of each value: the same, packed anew, or a refusal. Anything else ends it. */
async function throughPython(values: readonly Uint8Array[]): Promise<(Buffer | "refused")[]> {
  const input = values.map((bytes) => `${Buffer.from(bytes).toString("hex")}\n`).join("");
  const python = Bun.spawn(["/usr/bin/python3", "-c", script], { stdin: Buffer.from(input), stderr: "inherit" });
  const lines = (await new Response(python.stdout).text()).trimEnd().split("\n");
  expect(await python.exited).toBe(0);
  return lines.map((line) => (line === "refused" ? line : Buffer.from(line, "hex")));
}

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 2 ** 32, -(2 ** 31), 2 ** 53 - 1, 1e300, 0.1),
    fc.integer(),
    fc.string({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
      tie("value"),
      {
        maxKeys: 20,
        noNullPrototype: true,
      },
    ),
  ),
}));

test("values come back as they were", async () => {
  const samples = fc.sample(value, 300);
  const answers = await throughPython(samples.map((sample) => pack(sample)));
  expect(answers.map((answer) => (answer === "refused" ? answer : unpack(answer)))).toEqual(
    samples.map((sample) => unpack(pack(sample))),
  );
});

test("any bytes are a value or refused", async () => {
  const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 60 }), 2_000);
  expect(await throughPython(noise)).toHaveLength(2_000);
});
