import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { array, assert, constantFrom, property, record } from "fast-check";
import { type SoloError, serviceSpecSchema } from "../../src/api/index.ts";
import { checkSandbox, policyOf, type SandboxPlace } from "../../src/security/sandbox/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A machine in small: a home with Solo's data and a project in it, with Solo's data elsewhere beside them. */
const root = temporaryFolder();
const folders = [
  "home",
  "home/.local/state/solo",
  "home/.local/state/solo/artifacts/x",
  "home/project/public",
  "srv/data",
  "srv",
];
for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
const anyFolder = constantFrom(root, "/", ...folders.map((folder) => join(root, folder)));

const place: SandboxPlace = {
  ownFolders: [join(root, "home/.local/state/solo")],
  temporary: join(root, "home/.local/state/solo/run/tmp"),
  files: join(root, "home/.local/state/solo/files"),
  home: join(root, "home"),
  self: ["/usr/bin/solo"],
  env: {},
};
const own = place.ownFolders[0] ?? "";
const opens = (path: string) => !relative(path, own).startsWith("..") || !relative(own, path).startsWith("..");

test("whatever is asked for, and wherever it runs, no rule opens Solo's own folders but the instance's and its artifact's", () => {
  const asked = record({
    cwd: anyFolder,
    read: array(anyFolder, { maxLength: 3 }),
    write: array(anyFolder, { maxLength: 3 }),
  });
  assert(
    property(asked, ({ cwd, read, write }) => {
      const spec = serviceSpecSchema.parse({
        kind: "source",
        path: join(cwd, "a.ts"),
        cwd,
        sandbox: { read, write, mode: "best-effort" },
      });
      let checked = spec;
      try {
        checked = checkSandbox("a", spec, cwd, place);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_config" } satisfies Partial<SoloError>);
        expect([...read, ...write].some(opens)).toBe(true);
        return;
      }
      const entry = join(own, "artifacts/x/main.js");
      const [temporary, files] = [join(place.temporary, "a-1"), join(place.files, "default/a")];
      const subject = {
        spec: checked,
        port: 20_000,
        cwd,
        executable: "",
        entry,
        streams: [],
        secrets: null,
        token: join(own, "run/tokens/a-1/token"),
        temporary,
        files,
      };
      const { paths } = policyOf(subject, place);
      const opening = paths.filter(({ path }) => opens(path)).map(({ path }) => path);
      expect(opening).toEqual([join(own, "artifacts/x"), temporary, files, join(own, "run/tokens/a-1")]);
      const home = paths.filter(({ path }) => !relative(path, place.home).startsWith(".."));
      expect(home.filter(({ origin }) => origin !== "declared")).toEqual([]);
    }),
  );
});
