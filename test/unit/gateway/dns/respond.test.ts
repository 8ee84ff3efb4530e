import { expect, test } from "bun:test";
import { type Answer, decode, encode, type Packet, type RecordType } from "dns-packet";
import { respond } from "../../../../src/gateway/dns/respond.ts";
import { list } from "./sample.ts";

const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

const edns = { type: "OPT", name: ".", udpPayloadSize: 4_096, extendedRcode: 0, ednsVersion: 0 } as const;
const option = { ...edns, flags: 0, flag_do: false, options: [] };

function query(name: string, type: RecordType = "A", packet: Packet = {}): Buffer {
  return encode({ type: "query", id: 7, flags: 256, questions: [{ name, type }], ...packet });
}

async function ask(name: string, type: RecordType = "A", packet: Packet = {}, transport: "udp" | "tcp" = "udp") {
  const reply = await respond(query(name, type, packet), transport, list);
  if (reply === undefined) throw new Error("no answer");
  const rcode = rcodes[(reply[3] ?? 0) & 15];
  return { ...decode(reply), rcode, bytes: reply.length };
}

const dataOf = (answers: Answer[] | undefined) => answers?.map((answer) => ("data" in answer ? answer.data : null));

test("an address: loopback for what runs here, the address of what runs elsewhere", async () => {
  const { answers, flag_aa, flag_rd, rcode, id } = await ask("payments.solo.internal");
  expect({ flag_aa, flag_rd, rcode, id }).toEqual({ flag_aa: true, flag_rd: true, rcode: "NOERROR", id: 7 });
  expect(dataOf(answers)).toEqual(["127.0.0.1", "10.0.0.7"]);
  expect(dataOf((await ask("payments.default.solo.internal")).answers)).toEqual(["127.0.0.1", "10.0.0.7"]);
  expect(dataOf((await ask("far.payments.default.solo.internal")).answers)).toEqual(["10.0.0.7"]);
  expect(dataOf((await ask("PayMents.Solo.INTERNAL")).answers)).toHaveLength(2);
  expect(dataOf((await ask("payments.solo.internal", "AAAA")).answers)).toEqual(["2001:db8::7"]);
});

test("a port for each instance, with the address that its target has", async () => {
  for (const name of [
    "payments.solo.internal",
    "_payments._tcp.solo.internal",
    "_payments._tcp.default.solo.internal",
  ]) {
    const { answers, additionals } = await ask(name, "SRV");
    const billing = "billing.payments.default.solo.internal";
    expect(dataOf(answers)).toMatchObject([
      { port: 4001, target: billing, priority: 0, weight: 0 },
      { port: 4002, target: billing },
      { port: 9000, target: "far.payments.default.solo.internal" },
      { port: 443, target: "six.payments.default.solo.internal" },
      { port: 443, target: "pay.example.com" },
    ]);
    expect(additionals?.map(({ name: owner, type }) => [owner, type])).toEqual([
      [billing, "A"],
      ["far.payments.default.solo.internal", "A"],
      ["six.payments.default.solo.internal", "AAAA"],
    ]);
  }
});

test("metadata as key=value", async () => {
  const { answers } = await ask("billing.payments.default.solo.internal", "TXT");
  expect(dataOf(answers)).toEqual([["service=billing", "version=1.0.0", "region=eu"].map((text) => Buffer.from(text))]);
});

test("nothing of the type, nothing alive, nothing of the name, and not our name at all", async () => {
  const facts = async (name: string, type: RecordType = "A") => {
    const { rcode, answers, authorities, flag_aa } = await ask(name, type);
    return [rcode, answers?.length, authorities?.map(({ type: kind, name: owner }) => `${owner} ${kind}`), flag_aa];
  };
  const soa = ["solo.internal SOA"];
  expect(await facts("payments.solo.internal", "MX")).toEqual(["NOERROR", 0, soa, true]);
  expect(await facts("down.solo.internal")).toEqual(["NOERROR", 0, soa, true]);
  expect(await facts("long.solo.internal", "SRV")).toEqual(["NOERROR", 0, soa, true]);
  expect(await facts("solo.internal")).toEqual(["NOERROR", 0, soa, true]);
  expect(await facts("nobody.solo.internal")).toEqual(["NXDOMAIN", 0, soa, true]);
  expect(await facts("payments.acme.solo.internal")).toEqual(["NXDOMAIN", 0, soa, true]);
  expect(await facts("a.b.c.d.solo.internal")).toEqual(["NXDOMAIN", 0, soa, true]);
  expect(await facts("example.com")).toEqual(["REFUSED", 0, [], false]);
  expect(await facts("internal")).toEqual(["REFUSED", 0, [], false]);
});

test("what doesn't fit is left out and said to be; by TCP there is room", async () => {
  const plain = await ask("many.solo.internal", "SRV");
  expect([plain.flag_tc, plain.bytes <= 512, (plain.answers?.length ?? 0) > 2, plain.additionals]).toEqual([
    true,
    true,
    true,
    [],
  ]);
  const more = await ask("many.solo.internal", "SRV", { additionals: [option] });
  expect([more.flag_tc, more.bytes <= 1_232, more.bytes > 1_100]).toEqual([true, true, true]);
  expect(more.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1_232 }]);
  const whole = await ask("many.solo.internal", "SRV", {}, "tcp");
  expect([whole.flag_tc, whole.answers?.length, whole.additionals?.length]).toEqual([false, 200, 200]);
});

test("names are compressed: an answer repeats none of the question", async () => {
  const { bytes, answers } = await ask("payments.solo.internal");
  expect(bytes).toBe(query("payments.solo.internal").length + 16 * (answers?.length ?? 0));
});

test("an unknown version of EDNS, another operation, two questions, half a message", async () => {
  const version = await ask("payments.solo.internal", "A", { additionals: [{ ...option, ednsVersion: 1 }] });
  expect(version.additionals).toMatchObject([{ type: "OPT", extendedRcode: 1 }]);
  expect(await ask("payments.solo.internal", "A", { flags: 2 << 11 })).toMatchObject({ rcode: "NOTIMP" });
  const question = { name: "payments.solo.internal", type: "A" } as const;
  const two = await ask("payments.solo.internal", "A", { questions: [question, question] });
  expect(two).toMatchObject({ rcode: "FORMERR", id: 7 });
  const half = await respond(query("payments.solo.internal").subarray(0, 20), "udp", list);
  expect(half?.readUInt16BE(2)).toBe(0x8101);
  expect(await respond(Buffer.alloc(11), "udp", list)).toBeUndefined();
  // An answer is not answered: two servers would go on for ever.
  const answer = encode({ type: "response", id: 7, questions: [question] });
  expect(await respond(answer, "udp", list)).toBeUndefined();
});

test("a registry that fails is a failure of the server", async () => {
  const reply = await respond(query("payments.solo.internal"), "udp", async () => Promise.reject(new Error("full")));
  expect(decode(reply ?? Buffer.alloc(0))).toMatchObject({ rcode: "SERVFAIL" });
});
