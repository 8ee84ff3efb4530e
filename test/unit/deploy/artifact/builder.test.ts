import { expect, test } from "bun:test";
import { join } from "node:path";
import { buildArtifact } from "../../../../src/deploy/artifact/build-artifact.ts";
import { Builder } from "../../../../src/deploy/artifact/builder/builder.ts";
import { detectKind } from "../../../../src/deploy/artifact/index.ts";
import { childrenOf, isRunning, readStat } from "../../../../src/system/index.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { failure, Workshop } from "./workshop.ts";

test("a builder that dies costs only the build it was at", async () => {
  using shop = new Workshop().write({ "deadly.ts": "", "good.ts": "console.log(1);" });
  const fixture = join(import.meta.dir, "fixtures", "mortal-builder.ts");
  const builder = new Builder([process.execPath, fixture]);
  const build = (name: string) =>
    buildArtifact({ kind: "source", path: shop.path(name), env: {} }, shop.artifacts, { builder });
  const [deadly, good] = await Promise.allSettled([build("deadly.ts"), build("good.ts")]);
  expect(deadly.status).toBe("rejected");
  expect((await failure(build("deadly.ts"))).message).toContain("deadly.ts can't be built: the builder ended with 5");
  expect(good.status).toBe("fulfilled");
});

test("a build that comes while an idle builder ends is done by the next one", async () => {
  using shop = new Workshop().write({ "first.ts": "console.log(1);", "second.ts": "console.log(2);" });
  const before = childrenOf(process.pid);
  const builder = new Builder();
  const build = (name: string) =>
    buildArtifact({ kind: "source", path: shop.path(name), env: {} }, shop.artifacts, { builder });
  await build("first.ts");
  const [pid = 0] = childrenOf(process.pid).filter((child) => !before.includes(child));
  expect(pid).not.toBe(0);
  // It is dead already, which this process has not been told yet.
  let second: Promise<unknown> | undefined;
  await waitFor(
    () => {
      if (isRunning(readStat(pid))) return false;
      second = build("second.ts");
      return true;
    },
    { what: "the end of the idle builder" },
  );
  expect(await second).toBeDefined();
});

test("detects a kind by extension, folder or neither", () => {
  using shop = new Workshop().write({ "folder/x": "", tool: "" });
  expect(["a.ts", "a.JS", "a.mjs", "a.tsx"].map(detectKind)).toEqual(["source", "source", "source", "source"]);
  expect(detectKind("module.wasm")).toBe("wasm");
  expect(detectKind(shop.path("folder"))).toBe("source");
  expect(detectKind(shop.path("tool"))).toBe("command");
});
