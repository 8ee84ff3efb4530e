import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SoloError } from "../../../../src/api/index.ts";
import type { KeySources } from "../../../../src/security/secrets/index.ts";
import { SecretStore } from "../../../../src/security/secrets/store.ts";
import { failure } from "../../../support/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

setDefaultTimeout(30_000);

const root = temporaryFolder();
let number = 0;

/** A store in a place of its own. */
function place(more: Partial<KeySources> = {}) {
  number += 1;
  const path = join(root, `${number}.db`);
  const sources = { keyFile: join(root, `${number}.key`), passphraseFile: null, credential: null, ...more };
  const open = async (other: Partial<KeySources> = {}) => {
    const store = new SecretStore(path, { ...sources, ...other });
    await store.start();
    return store;
  };
  return { path, keyFile: sources.keyFile, open };
}

const value = (store: SecretStore, tenant: string, name: string) => store.get(tenant, name)?.value.toString();

function refusal(attempt: () => unknown): Promise<SoloError> {
  return failure(Promise.resolve().then(attempt));
}

test("a secret is there again for the next kernel, with its version; nothing of it is readable in the files", async () => {
  const { path, keyFile, open } = place();
  const store = await open();
  expect(existsSync(path)).toBe(false);
  expect(await store.put("a", "KEY", Buffer.from("first value"), 1)).toMatchObject({ version: 1, bytes: 11 });
  expect(await store.put("a", "KEY", Buffer.from("second value"), 2)).toMatchObject({ version: 2, created: 1 });
  await store.put("b", "KEY", Buffer.from("of another"), 3);
  store.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  for (const text of ["first value", "second value", "of another"]) {
    expect(readFileSync(path).includes(text)).toBe(false);
  }
  const next = await open();
  expect([value(next, "a", "KEY"), value(next, "b", "KEY"), value(next, "c", "KEY")]).toEqual([
    "second value",
    "of another",
    undefined,
  ]);
  expect(next.list("a").map(({ name, version }) => [name, version])).toEqual([["KEY", 2]]);
  expect([next.delete("a", "KEY"), next.delete("a", "KEY"), value(next, "a", "KEY")]).toEqual([true, false, undefined]);
  next.close();
});

test("a secret does not open as another tenant's, under another name, or as another version, and is told by its name", async () => {
  const { path, open } = place();
  const store = await open();
  await store.put("a", "KEY", Buffer.from("a's value"), 1);
  await store.put("a", "OTHER", Buffer.from("other value"), 1);
  await store.put("b", "KEY", Buffer.from("b's value"), 1);
  store.close();
  const changes = [
    [
      "a",
      "KEY",
      "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE tenant = 'b') WHERE tenant = 'a' AND name = 'KEY'",
    ],
    ["a", "OTHER", "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'KEY') WHERE name = 'OTHER'"],
    ["b", "KEY", "UPDATE secrets SET version = 7 WHERE tenant = 'b'"],
  ] as const;
  for (const [tenant, name, sql] of changes) {
    const database = new Database(path);
    database.run(sql);
    database.close();
    const changed = await open();
    const refused = await refusal(() => changed.get(tenant, name));
    expect(refused).toMatchObject({ code: "storage_corrupt", details: { tenant, secret: name } });
    expect(refused.message).toContain(name);
    changed.close();
  }
  const database = new Database(path);
  database.run("UPDATE data_keys SET sealed = (SELECT sealed FROM data_keys WHERE tenant = 'b')");
  database.close();
  const swapped = await open();
  expect(await refusal(() => swapped.get("a", "KEY"))).toMatchObject({ code: "storage_corrupt" });
  swapped.close();
});

test("a rotation of the keys seals everything anew, and one that meets a damaged secret changes nothing", async () => {
  const { path, keyFile, open } = place();
  const store = await open();
  for (const name of ["ONE", "TWO"]) await store.put("a", name, Buffer.from(`value of ${name}`), 1);
  await store.put("b", "ONE", Buffer.from("b's value"), 1);
  const before = [readFileSync(keyFile, "utf8"), readFileSync(path)] as const;
  expect(await store.rekey(undefined)).toEqual({ tenants: 2, secrets: 3, sealed_by: "file" });
  expect(readFileSync(keyFile, "utf8")).not.toBe(before[0]);
  expect(readFileSync(keyFile, "utf8").trim().split("\n")).toHaveLength(1);
  expect([value(store, "a", "TWO"), value(store, "b", "ONE")]).toEqual(["value of TWO", "b's value"]);
  store.close();
  writeFileSync(keyFile, before[0]);
  const old = await open();
  expect(await refusal(() => old.get("a", "ONE"))).toMatchObject({ code: "storage_corrupt" });
  old.close();
  writeFileSync(path, before[1]);
  const database = new Database(path);
  database.run("UPDATE secrets SET version = 9 WHERE tenant = 'b'");
  database.close();
  const damaged = await open();
  expect(await refusal(() => damaged.rekey(undefined))).toMatchObject({ code: "storage_corrupt" });
  expect(value(damaged, "a", "ONE")).toBe("value of ONE");
  damaged.close();
  const again = await open();
  expect(value(again, "a", "ONE")).toBe("value of ONE");
  again.close();
});

test("a passphrase opens what it sealed, another does not, and a file of it is read by itself", async () => {
  const { keyFile, open } = place();
  const store = await open();
  await store.put("a", "KEY", Buffer.from("the value"), 1);
  expect(await refusal(() => store.rekey({ to: "passphrase", passphrase: "short" }))).toMatchObject({ code: "usage" });
  const rekeyed = await store.rekey({ to: "passphrase", passphrase: "correct horse" });
  expect(rekeyed).toMatchObject({ sealed_by: "passphrase" });
  expect(existsSync(keyFile)).toBe(false);
  store.close();
  const locked = await open();
  expect(locked.problem).toMatchObject({ code: "unauthenticated" });
  expect(locked.list("a")).toHaveLength(1);
  expect(await refusal(() => locked.get("a", "KEY"))).toMatchObject({ code: "unauthenticated" });
  expect(await refusal(() => locked.unlock("incorrect horse"))).toMatchObject({ code: "unauthenticated" });
  await locked.unlock("correct horse");
  expect(value(locked, "a", "KEY")).toBe("the value");
  locked.close();
  const passphraseFile = join(root, "passphrase");
  writeFileSync(passphraseFile, "correct horse\n");
  const opened = await open({ passphraseFile });
  expect(value(opened, "a", "KEY")).toBe("the value");
  expect(await refusal(() => opened.rekey(undefined))).toMatchObject({ code: "usage" });
  expect(await opened.rekey({ to: "file" })).toMatchObject({ sealed_by: "file" });
  opened.close();
  const back = await open();
  expect(value(back, "a", "KEY")).toBe("the value");
  back.close();
});

test("a credential of systemd's seals when there is one, and is asked for again", async () => {
  const credential = join(root, "solo-secrets-key");
  writeFileSync(credential, Buffer.alloc(32, 7));
  const { keyFile, open } = place({ credential });
  const store = await open();
  await store.put("a", "KEY", Buffer.from("the value"), 1);
  expect(existsSync(keyFile)).toBe(false);
  store.close();
  const without = await open({ credential: null });
  expect(without.problem).toMatchObject({ code: "file_not_found" });
  without.close();
  const other = await open();
  expect(value(other, "a", "KEY")).toBe("the value");
  other.close();
  writeFileSync(credential, Buffer.alloc(32, 8));
  const changed = await open();
  expect(changed.problem).toMatchObject({ code: "storage_corrupt" });
  changed.close();
});

test("a key that others may read is refused, a missing or foreign one is told, and another vault's key stays in the file", async () => {
  const { keyFile, open } = place();
  const store = await open();
  await store.put("a", "KEY", Buffer.from("the value"), 1);
  store.close();
  chmodSync(keyFile, 0o640);
  const open640 = await open();
  expect(open640.problem).toMatchObject({ code: "forbidden" });
  open640.close();
  chmodSync(keyFile, 0o600);
  const text = readFileSync(keyFile, "utf8");
  const foreign = `${"0".repeat(16)} ${Buffer.alloc(32, 1).toString("base64")}\n`;
  writeFileSync(keyFile, foreign + text);
  const shared = await open();
  await shared.rekey(undefined);
  expect(value(shared, "a", "KEY")).toBe("the value");
  shared.close();
  expect(readFileSync(keyFile, "utf8").startsWith(foreign)).toBe(true);
  for (const damage of [
    () => writeFileSync(keyFile, foreign),
    () => rmSync(keyFile),
    () => writeFileSync(keyFile, "x"),
  ]) {
    damage();
    chmodIfThere(keyFile);
    const lost = await open();
    expect(lost.problem).toMatchObject({ code: "storage_corrupt" });
    lost.close();
  }
});

test("a file that is no vault is left as it is", async () => {
  const { path, open } = place();
  writeFileSync(path, "no database".repeat(100));
  const store = await open();
  expect(store.problem).toMatchObject({ code: "storage_corrupt" });
  expect(readFileSync(path, "utf8")).toBe("no database".repeat(100));
});

function chmodIfThere(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600);
}
