import { expect, onTestFinished, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { LogRedaction } from "../../../../src/observe/logs/index.ts";
import { LogStore } from "../../../../src/observe/logs/index.ts";
import { chunkBytes, encodeIdentity, Staging } from "../../../../src/observe/logs/staging.ts";
import { Redactor } from "../../../../src/security/secrets/redactor.ts";
import { makeFifo, Poller } from "../../../../src/system/index.ts";
import { until } from "../../../support/until.ts";
import { captureProgram, everything, messages, ref, scratchFolder, scratchStore } from "./scratch.ts";

const secret = "s3cret-value";

/** What a service may not show, and what its captures held back, which outlives a store. */
function redactionOf(service = ref.name) {
  const redactor = new Redactor([["KEY", Buffer.from(secret)]]);
  const held = new Map<string, Buffer>();
  const redaction: LogRedaction = {
    of: ({ name }) => (name === service ? redactor : undefined),
    hold: (instance, stream, bytes) => void held.set(`${instance} ${stream}`, Buffer.from(bytes)),
    held: (instance, stream) => held.get(`${instance} ${stream}`) ?? Buffer.alloc(0),
  };
  return { redaction, held: () => held.get("api-1 stdout")?.toString() ?? "" };
}

test("a service's secrets are not in its log, another's lines are as they were", async () => {
  const { redaction } = redactionOf();
  const scratch = scratchStore({ redaction });
  await captureProgram(scratch, ["printf", `a ${secret}\\nb\\n${secret}`]);
  await captureProgram(scratch, ["printf", `a ${secret}\\n`], { name: "other" });
  scratch.store.note(ref, "api-1", `it said ${secret}`);
  expect(await messages(scratch.store.read(everything))).toEqual([
    "a [secret KEY]",
    "b",
    "[secret KEY]",
    "it said [secret KEY]",
  ]);
  expect(await messages(scratch.store.read({ ...everything, name: "other" }))).toEqual([`a ${secret}`]);
});

test("a secret of which the beginning and the end were read apart is none the less hidden, also by the next kernel", async () => {
  const { redaction, held } = redactionOf();
  const folder = scratchFolder();
  const fifo = join(folder, "out");
  makeFifo(fifo);
  const open = () => {
    const poller = new Poller();
    const store = new LogStore({ directory: join(folder, "logs"), poller, redaction });
    const capture = store.capture({ ref, instance: "api-1", stream: "stdout", fifo, budgetBytes: 1_000_000 });
    const close = () => {
      store.close();
      poller.close();
    };
    onTestFinished(close);
    return { store, capture, close };
  };
  const first = open();
  const writer = openSync(fifo, "w");
  writeSync(writer, `one ${secret}\nkey: ${secret.slice(0, 5)}`);
  await until("the end to be held back", () => held() === secret.slice(0, 5));
  first.close();
  const second = open();
  writeSync(writer, secret.slice(5, 9));
  await until("the end to be held back", () => held() === secret.slice(0, 9));
  writeSync(writer, `${secret.slice(9)}!\nlast ${secret.slice(0, 7)}`);
  closeSync(writer);
  await second.capture.drained(10_000);
  expect(await messages(second.store.read(everything))).toEqual([
    "one [secret KEY]",
    "key: [secret KEY]!",
    "last [secret]",
  ]);
  expect(held()).toBe("");
  const staged = readFileSync(join(folder, "logs/.intake"));
  expect(staged.includes(secret)).toBe(false);
});

test("a chunk that a killed kernel had read is redacted by the next one, together with what was held back before it", async () => {
  const { redaction, held } = redactionOf();
  const scratch = scratchStore();
  await captureProgram(scratch, ["printf", "before: "]);
  const writerEnd = 0;
  const directory = join(scratch.folder, "again");
  const poller = new Poller();
  onTestFinished(() => poller.close());
  const begin = (kept: string, read: string) => {
    const staging = new Staging(join(directory, ".intake"));
    const bytes = Buffer.from(kept + read);
    Buffer.from(kept).copy(staging.chunk);
    staging.begin(
      encodeIdentity("default/api api-1 stdout 1000000"),
      "closed",
      writerEnd,
      0,
      bytes.length,
      kept.length,
    );
    return { staging, bytes };
  };
  new LogStore({ directory, poller }).note({ tenant: "default", name: "other" }, "x", "makes the folder");
  const unread = begin("s3cr", "et-value");
  expect(unread.staging.interrupted()).toBeUndefined();
  const { staging, bytes } = begin("s3cr", "et-value\nand s3c");
  bytes.copy(staging.chunk);
  expect(staging.interrupted()?.bytes.toString()).toBe("s3cret-value\nand s3c");
  const next = new LogStore({ directory, poller, redaction });
  next.note({ tenant: "default", name: "other" }, "x", "begins");
  expect(await messages(next.read(everything))).toEqual(["[secret KEY]", "and "]);
  expect(held()).toBe("s3c");
  expect(readFileSync(join(directory, ".intake")).includes("s3cret")).toBe(false);
  next.close();
});

test("output far larger than a chunk is redacted at every seam", async () => {
  const { redaction } = redactionOf();
  const scratch = scratchStore({ redaction });
  const count = Math.ceil((3 * chunkBytes) / (secret.length + 1));
  await captureProgram(scratch, ["sh", "-c", `yes '${secret}' | head -n ${count}`]);
  const lines = await messages(scratch.store.read(everything));
  expect([lines.length, new Set(lines)]).toEqual([count, new Set(["[secret KEY]"])]);
});
