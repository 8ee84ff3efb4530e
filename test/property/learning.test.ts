import { expect, test } from "bun:test";
import { array, assert, constantFrom, integer, property, record, tuple, uniqueArray } from "fast-check";
import { leastSandbox, many } from "../../src/security/learning/least.ts";
import { type FileAccess, mostPaths, type UseLists, Uses } from "../../src/security/learning/uses.ts";
import { isTooWide, isWithin, ownFolderAt, type SandboxPlace } from "../../src/security/sandbox/place.ts";

/** None of these is there: only names are compared. */
const place: SandboxPlace = {
  ownFolders: ["/home/ada/.local/state/solo"],
  temporary: "/home/ada/.local/state/solo/run/tmp",
  files: "/home/ada/.local/state/solo/files",
  home: "/home/ada",
  self: ["/usr/bin/solo"],
  env: {},
};

const folder = constantFrom(
  "/",
  "/tmp",
  "/srv",
  "/srv/a",
  "/srv/a/deep",
  "/srv/b",
  "/home",
  "/home/ada",
  "/home/ada/project",
  "/home/ada/.local/state/solo",
  "/var/log",
  "/etc/thing",
  "/proc/7",
);
const name = constantFrom("1", "2", "3", "4", "5", "6", "sub/1", "sub/2");
const file = tuple(folder, name).map(([where, what]) => `${where === "/" ? "" : where}/${what}`);
const path = tuple(constantFrom(true, true, true, false), file, folder).map(([isFile, one, other]) =>
  isFile ? one : other,
);
const paths = uniqueArray(path, { maxLength: 25 });
const ports = uniqueArray(integer({ min: 0, max: 9 }), { maxLength: 3 });
const uses = record({ read: paths, write: paths, execute: paths, connect: ports, listen: ports });
const declared = record({ read: paths, write: paths, connect: ports, listen: ports });
const missing = array(path, { maxLength: 3 }).map((list) => new Set(list));

type Lists = { readonly read: readonly string[]; readonly write: readonly string[] };

/** As a sandbox has it: to write is to read as well, to execute is part of to read. */
function admits(lists: Lists, access: FileAccess, target: string): boolean {
  const within = (folders: readonly string[]) => folders.some((other) => isWithin(target, other));
  if (access === "write") return within(lists.write);
  return within(lists.read) || (access === "read" && within(lists.write));
}

function filesOf(lists: UseLists): (readonly [FileAccess, string])[] {
  return (["read", "write", "execute"] as const).flatMap((access) =>
    lists[access].map((target) => [access, target] as const),
  );
}

test("what is suggested allows all that was used, but for what is said to be left out", () => {
  assert(
    property(uses, declared, missing, (used, said, gone) => {
      const { sandbox, left_out } = leastSandbox(used, said, place, (one) => !gone.has(one));
      for (const [access, target] of filesOf(used)) {
        const isLeft = left_out.some((left) => left.access === access && left.target === target);
        expect(isLeft || admits(sandbox, access, target)).toBe(true);
      }
      const { connect, listen } = sandbox;
      expect(connect).toEqual(used.connect.filter((port) => port !== 0));
      expect(listen).toEqual(used.listen.includes(0) ? "any" : used.listen);
    }),
  );
});

test("nothing is suggested but what was used, and folders in which much was", () => {
  assert(
    property(uses, declared, missing, (used, said, gone) => {
      const { sandbox } = leastSandbox(used, said, place, (one) => !gone.has(one));
      const all = { read: [...used.read, ...used.execute], write: used.write };
      for (const access of ["read", "write"] as const) {
        for (const one of sandbox[access]) {
          const beneath = all[access].filter((target) => isWithin(target, one));
          expect(beneath.includes(one) || beneath.length >= many).toBe(true);
          expect(gone.has(one)).toBe(false);
          expect(ownFolderAt(one, place)).toBeUndefined();
          expect(isTooWide(one, place) && !(access === "write" && one === "/tmp")).toBe(false);
        }
      }
    }),
  );
});

test("without any one line of it, something that was used is refused", () => {
  assert(
    property(uses, declared, missing, (used, said, gone) => {
      const { sandbox, left_out } = leastSandbox(used, said, place, (one) => !gone.has(one));
      const needed = filesOf(used).filter(
        ([access, target]) => !left_out.some((left) => left.access === access && left.target === target),
      );
      for (const access of ["read", "write"] as const) {
        for (const one of sandbox[access]) {
          const less = { ...sandbox, [access]: sandbox[access].filter((other) => other !== one) };
          expect(needed.every(([right, target]) => admits(less, right, target))).toBe(false);
        }
      }
    }),
  );
});

test("nothing is told to be unused that something was used by", () => {
  assert(
    property(uses, declared, (used, said) => {
      const { unused, left_out } = leastSandbox(used, said, place, () => true);
      const needed = filesOf(used).filter(
        ([access, target]) => !left_out.some((left) => left.access === access && left.target === target),
      );
      for (const { setting, value } of unused.filter((one) => /read|write/.test(one.setting))) {
        const rights: FileAccess[] = setting === "sandbox.write" ? ["write"] : ["read", "execute"];
        const users = needed.filter(([access, target]) => rights.includes(access) && isWithin(target, value));
        expect(users).toEqual([]);
      }
      const idle = (setting: string) =>
        unused.filter((one) => one.setting === setting).map(({ value }) => Number(value));
      expect(idle("sandbox.connect")).toEqual(
        said.connect.filter((port) => port === 0 || !used.connect.includes(port)),
      );
    }),
  );
});

const segment = constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
const deep = array(segment, { minLength: 3, maxLength: 6 }).map((segments) => `/srv/${segments.join("/")}`);

test("however much is used, its record is bounded, and nothing of it is lost but to the folder that stands for it", () => {
  assert(
    property(uniqueArray(deep, { minLength: mostPaths / 2, maxLength: mostPaths * 2, size: "max" }), (targets) => {
      const found = new Uses();
      for (const target of targets) found.add({ access: "read", target });
      const { read } = found.lists();
      expect(read.length).toBeLessThanOrEqual(mostPaths);
      const [exact, folders] = [new Set(read), read.filter((one) => one.endsWith("/"))];
      const isKept = (target: string) => exact.has(target) || folders.some((one) => `${target}/`.startsWith(one));
      expect(targets.every(isKept)).toBe(true);
      if (targets.length <= mostPaths) expect(folders).toEqual([]);
    }),
    { numRuns: 5 },
  );
});
