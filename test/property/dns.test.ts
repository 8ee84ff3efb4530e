import { expect, test } from "bun:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { respond } from "../../src/gateway/dns/respond.ts";
import { list } from "../unit/gateway/dns/sample.ts";

/** Whatever comes to the port of DNS. */

const names = ["payments.solo.internal", "many.solo.internal", "_many._tcp.solo.internal", "nobody.solo.internal", "."];
const valid = fc
  .record({
    name: fc.constantFrom(...names),
    type: fc.constantFrom("A" as const, "AAAA" as const, "SRV" as const, "TXT" as const, "PTR" as const),
    id: fc.nat(65_535),
    udpPayloadSize: fc.option(fc.nat(65_535), { nil: undefined }),
  })
  .map(({ name, type, id, udpPayloadSize }) => {
    const option = { type: "OPT" as const, name: ".", extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false };
    const additionals = udpPayloadSize === undefined ? [] : [{ ...option, udpPayloadSize, options: [] }];
    return encode({ type: "query", id, questions: [{ name, type }], additionals });
  });
const changed = fc
  .tuple(valid, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }), fc.nat(80))
  .map(([bytes, changes, cut]) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return cut > copy.length ? copy : copy.subarray(0, Math.max(0, copy.length - cut));
  });
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

test("no message makes it fail, and every answer can be read, fits, and is that question's", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(valid, changed, noise),
      fc.constantFrom("udp" as const, "tcp" as const),
      async (bytes, how) => {
        const reply = await respond(bytes, how, list);
        if (bytes.length < 12 || (bytes.readUInt16BE(2) & 0x8000) !== 0) return expect(reply).toBeUndefined();
        if (reply === undefined) throw new Error("no answer");
        expect(reply.length).toBeLessThanOrEqual(how === "udp" ? 1_232 : 65_535);
        const { id, type, flag_tc, answers = [] } = decode(reply);
        expect([id, type]).toEqual([bytes.readUInt16BE(0), "response"]);
        // What was left out by UDP is there by TCP.
        if (flag_tc && how === "udp") {
          const whole = await respond(bytes, "tcp", list);
          expect(decode(whole ?? Buffer.alloc(0)).answers?.length).toBeGreaterThan(answers.length);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a name that points in circles is malformed, and ends", async () => {
  const header = encode({ type: "query", id: 1, questions: [] });
  header.writeUInt16BE(1, 4);
  const loop = Buffer.concat([header, Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  expect((await respond(loop, "udp", list))?.readUInt16BE(2)).toBe(0x8001);
});
