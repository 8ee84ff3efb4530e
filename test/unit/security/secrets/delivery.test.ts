import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Delivery } from "../../../../src/security/secrets/delivery.ts";
import { deliveryPlaces } from "../../../../src/security/secrets/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
const value = (text: string) => Buffer.from(text);

function delivery(name: string) {
  const folder = join(root, name);
  return { folder, delivery: new Delivery({ folder, inMemory: true, all: [join(root, "elsewhere"), folder] }) };
}

test("an instance finds a file for each secret that only its user may read, and nothing else", () => {
  const { delivery: of } = delivery("files");
  const files = of.deliver("web-1", [
    { name: "KEY", value: value("one") },
    { name: "TLS.key", value: value("two") },
  ]);
  expect(readdirSync(files).toSorted()).toEqual(["KEY", "TLS.key"]);
  expect(statSync(join(files, "KEY")).mode & 0o777).toBe(0o400);
  expect(statSync(files).mode & 0o777).toBe(0o700);
  expect(of.deliver("web-1", [{ name: "KEY", value: value("new") }])).toBe(files);
  expect([readdirSync(files), readFileSync(join(files, "KEY"), "utf8")]).toEqual([["KEY"], "new"]);
});

test("a value is replaced in one step, and the former one is kept from view but known", () => {
  const { delivery: of } = delivery("replaced");
  const files = of.deliver("web-1", [{ name: "KEY", value: value("one") }]);
  const inode = statSync(join(files, "KEY")).ino;
  expect(of.replace("web-1", { name: "KEY", value: value("one") })).toBe(false);
  expect(of.replace("web-1", { name: "OTHER", value: value("x") })).toBe(false);
  for (let number = 0; number < 40; number++) of.replace("web-1", { name: "KEY", value: value(`value ${number}`) });
  expect(statSync(join(files, "KEY")).ino).not.toBe(inode);
  expect(readdirSync(files)).toEqual(["KEY"]);
  const known = of.delivered("web-1").map((delivered) => delivered.value.toString());
  expect(known).toContain("value 39");
  expect(known).toContain("value 38");
  expect(known.length).toBeLessThan(40);
  of.withdraw("web-1");
  expect([existsSync(files), of.delivered("web-1")]).toEqual([false, []]);
});

test("what belongs to no instance is swept away, wherever an earlier kernel had put it", () => {
  const { folder, delivery: of } = delivery("swept");
  of.deliver("web-1", [{ name: "KEY", value: value("one") }]);
  mkdirSync(join(root, "elsewhere/old-1/files"), { recursive: true });
  mkdirSync(join(root, "elsewhere/web-2/files"), { recursive: true });
  expect(of.instances().toSorted()).toEqual(["old-1", "web-1", "web-2"]);
  of.sweep(new Set(["web-1", "web-2"]));
  expect(of.instances().toSorted()).toEqual(["web-1", "web-2"]);
  expect(of.filesOf("web-2")).toBe(join(root, "elsewhere/web-2/files"));
  expect(of.filesOf("web-3")).toBe(join(folder, "web-3/files"));
});

test("a folder that others could write to is not used", () => {
  const { folder, delivery: of } = delivery("open");
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, "theirs"), "");
  expect(() => of.deliver("web-1", [])).toThrow("not a folder of this user's own");
});

test("what a capture held back is there for the next kernel, until the instance is gone", () => {
  const { delivery: of } = delivery("held");
  of.hold("web-1", "stdout", value("of one without secrets"));
  expect(of.held("web-1", "stdout").toString()).toBe("of one without secrets");
  of.deliver("web-1", []);
  expect(of.held("web-1", "stdout").length).toBe(0);
  of.hold("web-1", "stdout", value("begin"));
  expect([of.held("web-1", "stdout").toString(), of.held("web-1", "stderr").length]).toEqual(["begin", 0]);
  of.hold("web-1", "stdout", value(""));
  expect(of.held("web-1", "stdout").length).toBe(0);
});

test("without a folder in memory secrets lie beside the data", () => {
  const run = join(root, "run");
  const places = deliveryPlaces(join(root, "data"), run, { XDG_RUNTIME_DIR: root });
  expect(places.all).toContain(join(run, "secrets"));
  expect(places.inMemory).toBe(places.folder !== join(run, "secrets"));
  expect(deliveryPlaces(join(root, "data"), run, {}).all).not.toContain(join(root, "data"));
});
