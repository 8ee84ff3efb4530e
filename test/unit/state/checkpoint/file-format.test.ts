import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../../src/api/error.ts";
import { decodeHeader, encodeHeader, formatVersion, headerBytes } from "../../../../src/state/checkpoint/header.ts";
import { newCheckpointId } from "../../../../src/state/checkpoint/info.ts";
import { readBatches, readInfo } from "../../../../src/state/checkpoint/read-file.ts";
import { verifyCheckpoint } from "../../../../src/state/checkpoint/verify-file.ts";
import { writeCheckpoint } from "../../../../src/state/checkpoint/write-file.ts";
import type { StateEntry } from "../../../../src/state/core/types.ts";
import { nodeFileSystem as files } from "../../../../src/store/file/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { bytes, collect } from "../core/workshop.ts";

const folder = temporaryFolder();

const about = {
  id: newCheckpointId(Date.UTC(2026, 10, 21, 13, 5, 9)),
  tenant: "default",
  service: "svc",
  revision: null,
  spec_sha256: null,
  created: 1_000,
  position: 7,
  time: 900,
  reason: "manual" as const,
  parent: null,
  foreign: null,
};

async function allOf(path: string): Promise<StateEntry[]> {
  return (await collect(readBatches(files, path))).flatMap((batch) => [...batch]);
}

const entry = (key: string, value: Uint8Array, version = 1): StateEntry => ({ space: "data", key, value, version });

test("an id tells when it was made", () => {
  expect(about.id).toMatch(/^20261121-130509-[0-9a-z]{6}$/);
});

test("what was written is read back, in order: nothing, keys of any text, values of any size", async () => {
  const cases: readonly (readonly StateEntry[])[] = [
    [],
    [entry("", bytes("")), entry("a", bytes("1"), 2 ** 52)],
    [
      entry("k", new Uint8Array(3 * 2 ** 20).fill(7)),
      entry("é😀", bytes("x")),
      { ...entry("z", bytes("s")), space: "meta" },
    ],
    Array.from({ length: 20_000 }, (_, at) => entry(String(at).padStart(6, "0"), bytes(`value ${at}`), at)),
  ];
  for (const [at, entries] of cases.entries()) {
    const path = join(folder, `case-${at}`);
    const info = await writeCheckpoint(files, path, about, { entries: entries });
    expect(info).toMatchObject({ ...about, entries: entries.length, files: 0 });
    expect(readInfo(files, path)).toEqual(info);
    expect(await verifyCheckpoint(files, path)).toEqual(info);
    expect(await allOf(path)).toEqual([...entries]);
    expect(files.list(folder).filter((name) => name.endsWith(".new"))).toEqual([]);
  }
});

test("every flipped bit, and every shorter or longer file, is detected, by the header alone where it lies there", async () => {
  const path = join(folder, "flipped");
  const entries = Array.from({ length: 12 }, (_, at) => entry(`key ${at + 10}`, bytes(`value ${at}`)));
  await writeCheckpoint(files, path, about, { entries: entries });
  const sound = readFileSync(path);
  for (let at = 0; at < sound.length; at++) {
    const broken = Buffer.from(sound);
    broken[at] = (broken[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, broken);
    if (at < headerBytes) expect(() => readInfo(files, path)).toThrow(SoloError);
    else await expect(allOf(path)).rejects.toMatchObject({ code: "storage_corrupt" });
    await expect(verifyCheckpoint(files, path)).rejects.toMatchObject({ code: "storage_corrupt" });
  }
  for (const length of [0, 10, headerBytes - 1, headerBytes, sound.length - 1]) {
    writeFileSync(path, sound.subarray(0, length));
    expect(() => readInfo(files, path)).toThrow(SoloError);
  }
  writeFileSync(path, Buffer.concat([sound, Buffer.from([0])]));
  expect(() => readInfo(files, path)).toThrow(/bytes/);
});

test("a later format is refused as such", () => {
  const info = { ...about, entries: 0, bytes: 0, files: 0, body_bytes: 0, sha256: "0".repeat(64) };
  const header = encodeHeader(info);
  expect(decodeHeader(header)).toEqual(info);
  header.writeUInt32LE(formatVersion + 1, 8);
  header.writeBigUInt64LE(Bun.hash.xxHash3(header.subarray(0, headerBytes - 8)), headerBytes - 8);
  expect(() => decodeHeader(header)).toThrow(expect.objectContaining({ code: "data_too_new" }));
});

test("entries that no state has are refused, though every checksum holds", async () => {
  const path = join(folder, "forged");
  for (const entries of [
    [entry("b", bytes("")), entry("a", bytes(""))],
    [entry("a", bytes("")), entry("a", bytes(""))],
    [entry("a", bytes(""), -1)],
    [entry("a", bytes(""), 0.5)],
  ]) {
    await writeCheckpoint(files, path, about, { entries: entries });
    await expect(verifyCheckpoint(files, path)).rejects.toMatchObject({ code: "storage_corrupt" });
  }
});

test("a writing that fails or is called off leaves nothing", async () => {
  const path = join(folder, "failing");
  const failing = function* () {
    yield entry("a", bytes("1"));
    throw new Error("no more");
  };
  await expect(writeCheckpoint(files, path, about, { entries: failing() })).rejects.toThrow("no more");
  const off = AbortSignal.abort(new Error("off"));
  await expect(writeCheckpoint(files, path, about, { entries: [entry("a", bytes(""))] }, off)).rejects.toThrow("off");
  expect(files.list(folder).filter((name) => name.startsWith("failing"))).toEqual([]);
});
