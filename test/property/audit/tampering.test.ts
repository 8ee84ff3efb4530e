import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readHead } from "../../../src/observe/audit/head-file.ts";
import { linesOf } from "../../../src/observe/audit/lines.ts";
import { listSegments } from "../../../src/observe/audit/segments.ts";
import { verifyExport, verifySegments } from "../../../src/observe/audit/verify.ts";
import { openTrail, subjectOf } from "../../support/audit-model.ts";
import { FaultyFileSystem } from "../../support/faulty-files/index.ts";

const folder = "/data/audit";

/** A trail of some segments, as the files of a kernel that has stopped. */
async function filled(bytes = 1_000_000): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(1);
  files.makeFolder("/data");
  const trail = openTrail(files, { bytes });
  for (let round = 0; round < 12; round++) {
    await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const receipt = await trail.begin(subjectOf(round * 4 + index));
        await receipt.end({ outcome: "done", code: null, reason: null });
      }),
    );
  }
  await trail.close();
  return files;
}

function check(files: FaultyFileSystem) {
  const head = readHead(files, "/data/audit.head");
  if (head === undefined) throw new Error("no head");
  return verifySegments(files, { segments: listSegments(files, folder), marks: [head] });
}

/** The records' bytes, without the room behind the last one. */
function recordsOf(files: FaultyFileSystem, path: string): Buffer {
  const bytes = Buffer.from(files.bytesOf(path));
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}

function replace(files: FaultyFileSystem, path: string, bytes: Uint8Array): void {
  const file = files.open(path, "write");
  file.truncate(0);
  file.writeSync(bytes, 0);
  file.close();
}

const pick = fc.nat({ max: 1_000_000 });

describe.each([
  ["that is whole", 1_000_000],
  ["of which the oldest segments were dropped", 12_000],
])("a trail %s", (_, bytes) => {
  test("is sound as it was written", async () => {
    const files = await filled(bytes);
    const found = await check(files);
    expect(found).toMatchObject({ state: "sound", problems: [] });
    expect(found.first_sequence === 1).toBe(bytes === 1_000_000);
    expect(listSegments(files, folder).length).toBeGreaterThan(2);
  });

  test("betrays every changed byte", async () => {
    const files = await filled(bytes);
    const paths = listSegments(files, folder).map(({ path }) => path);
    await fc.assert(
      fc.asyncProperty(pick, pick, fc.integer({ min: 1, max: 255 }), async (file, at, mask) => {
        const path = paths[file % paths.length] ?? "";
        const whole = Buffer.from(files.bytesOf(path));
        const changed = Buffer.from(whole);
        const place = at % recordsOf(files, path).length;
        changed[place] = (changed[place] ?? 0) ^ mask;
        replace(files, path, changed);
        expect((await check(files)).state).toBe("damaged");
        replace(files, path, whole);
      }),
    );
  });

  test("betrays records that were removed, repeated, swapped or cut off, and files that are gone", async () => {
    const files = await filled(bytes);
    const paths = listSegments(files, folder).map(({ path }) => path);
    const act = fc.constantFrom("remove", "repeat", "swap", "cut", "file");
    await fc.assert(
      fc.asyncProperty(act, pick, pick, async (what, file, at) => {
        const path = paths[file % paths.length] ?? "";
        const whole = Buffer.from(files.bytesOf(path));
        const lines = recordsOf(files, path).toString("latin1").trimEnd().split("\n");
        const index = at % lines.length;
        const line = lines[index] ?? "";
        if (what === "remove") lines.splice(index, 1);
        if (what === "repeat") lines.splice(index, 0, line);
        if (what === "swap") lines.splice(index, 2, lines[(index + 1) % lines.length] ?? "", line);
        if (what === "cut") lines.splice(index);
        if (what === "file") await files.remove(path);
        else replace(files, path, Buffer.from(lines.map((text) => `${text}\n`).join(""), "latin1"));
        expect((await check(files)).state).toBe("damaged");
        if (what === "file") files.open(path, "create").close();
        replace(files, path, whole);
        expect((await check(files)).state).toBe("sound");
      }),
    );
  });

  test("betrays a cut at any byte, also to a kernel that starts on it", async () => {
    const files = await filled(bytes);
    const { path = "" } = listSegments(files, folder).at(-1) ?? {};
    const whole = Buffer.from(files.bytesOf(path));
    await fc.assert(
      fc.asyncProperty(pick, async (at) => {
        replace(files, path, whole.subarray(0, at % recordsOf(files, path).length));
        expect((await check(files)).state).toBe("damaged");
        replace(files, path, whole);
      }),
    );
    replace(files, path, whole.subarray(0, recordsOf(files, path).length - 1));
    const states: string[] = [];
    const trail = openTrail(files, { bytes, onState: (state) => states.push(state) });
    await trail.begin(subjectOf(1));
    await trail.close();
    expect(states).toEqual(["damaged"]);
    // It stays on record, whatever is written afterwards.
    expect((await check(files)).problems.map(({ problem }) => problem).join()).toContain("noted at a start");
  });
});

test("an export betrays every change of a byte, and lines that were removed, repeated, swapped or cut off", async () => {
  const files = await filled();
  const trail = openTrail(files);
  const text = `${(await Array.fromAsync(trail.export())).join("\n")}\n`;
  await trail.close();
  files.open("/data/export", "create").close();
  const stateOf = (content: string) => {
    replace(files, "/data/export", Buffer.from(content, "latin1"));
    return verifyExport(linesOf(files, "/data/export"), []).state;
  };
  expect(stateOf(text)).toBe("sound");
  fc.assert(
    fc.property(pick, fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bytes = Buffer.from(text, "latin1");
      const place = at % (bytes.length - 1);
      bytes[place] = (bytes[place] ?? 0) ^ mask;
      expect(stateOf(bytes.toString("latin1"))).toBe("damaged");
    }),
  );
  const lines = text.trimEnd().split("\n");
  fc.assert(
    fc.property(fc.constantFrom("remove", "repeat", "swap", "cut"), pick, (what, at) => {
      const changed = [...lines];
      const index = at % (lines.length - 1);
      const line = lines[index] ?? "";
      if (what === "remove") changed.splice(index, 1);
      if (what === "repeat") changed.splice(index, 0, line);
      if (what === "swap") changed.splice(index, 2, lines[index + 1] ?? "", line);
      if (what === "cut") changed.splice(index + 1);
      expect(stateOf(`${changed.join("\n")}\n`)).toBe("damaged");
    }),
  );
});

test("a trail that was put back as a whole is betrayed by what is known from elsewhere", async () => {
  const files = await filled();
  const witness = { sequence: 1_000, hash: "f".repeat(64) };
  const trail = openTrail(files, { witness });
  await trail.begin(subjectOf(1));
  expect(trail.problem).toContain("1000");
  expect((await trail.verify()).state).toBe("damaged");
  await trail.close();
});
