import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addContext, chooseContext, loadConfig, removeContext } from "../../../src/config/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const prod = { name: "prod", url: "https://solo.example.com:8443" };

function userFile(text?: string, name = "config.toml") {
  const folder = temporaryFolder();
  const file = join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  return {
    folder,
    file,
    read: () => readFileSync(file, "utf8"),
    load: () => loadConfig({ cwd: folder, env: { HOME: folder, SOLO_CONFIG: file } }),
  };
}

describe("add", () => {
  test("makes the file, private to its owner", async () => {
    const { folder, file, read } = userFile();
    const deep = join(folder, "a/b/config.toml");
    await addContext(file, { ...prod, token_file: "token" }, "/home/ada");
    await addContext(deep, prod, "/");
    expect(read()).toBe('[contexts.prod]\nurl = "https://solo.example.com:8443"\ntoken_file = "/home/ada/token"\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(deep)).toBeTrue();
  });

  test("leaves every other character as it was, and makes an open file private", async () => {
    const text = "# mine\n[solo]   # ports\ningress_port=9000\n\n[contexts.\"b\"] # b\nurl = 'https://b'";
    const { file, read } = userFile(text);
    chmodSync(file, 0o644);
    await addContext(file, prod, "/");
    expect(read()).toBe(`${text}\n\n[contexts.prod]\nurl = "https://solo.example.com:8443"\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("writes through a link and keeps the line ends of the file", async () => {
    const { folder, file, read } = userFile("[solo]\r\n");
    const link = join(folder, "link.toml");
    symlinkSync(file, link);
    await addContext(link, prod, "/");
    expect(lstatSync(link).isSymbolicLink()).toBeTrue();
    expect(read()).toBe('[solo]\r\n\r\n[contexts.prod]\r\nurl = "https://solo.example.com:8443"\r\n');
  });

  test("says when the file can't be written, whatever stands in its place", async () => {
    const { folder } = userFile();
    for (const file of ["/dev/null/home/.config/solo/config.toml", join(folder, "x".repeat(300), "c.toml")]) {
      const failure = { code: "io_error", applied: "no", message: expect.stringContaining("can't be written") };
      await expect(addContext(file, prod, "/")).rejects.toMatchObject(failure);
    }
  });

  test("refuses a name or URL that is none, and a name that is taken", async () => {
    const { file, read } = userFile('[contexts.prod]\nurl = "https://a"\n');
    expect(addContext(file, { ...prod, name: "a b" }, "/")).rejects.toMatchObject({ code: "usage" });
    expect(addContext(file, { ...prod, name: "local" }, "/")).rejects.toMatchObject({ code: "usage" });
    expect(addContext(file, { name: "x", url: "solo.example.com" }, "/")).rejects.toMatchObject({ code: "usage" });
    expect(addContext(file, { ...prod, name: "x", cert: "c" }, "/")).rejects.toMatchObject({ code: "usage" });
    const message = `there is a context prod already (${file}:1:11)`;
    expect(addContext(file, prod, "/")).rejects.toMatchObject({ code: "conflict", message });
    expect(read()).toBe('[contexts.prod]\nurl = "https://a"\n');
  });

  test("refuses a file that can't take it without being rewritten, and leaves it alone", async () => {
    const text = 'contexts = { a = { url = "https://a" } } # all\n';
    const { file, read } = userFile(text);
    expect(addContext(file, prod, "/")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`${file}:1:1`),
    });
    expect(read()).toBe(text);
  });

  test("twenty at once are all there", async () => {
    const { file, load } = userFile("# mine\n");
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    await Promise.all(names.map((name) => addContext(file, { ...prod, name }, "/")));
    expect([...(await load()).contexts.keys()].toSorted()).toEqual(names.toSorted());
  });
});

describe("use", () => {
  test("sets the current context in its place, after its header, or in a new table", async () => {
    const contexts = '[contexts.prod]\nurl = "https://a"\n';
    for (const [before, after] of [
      ['[cli]\ncontext = "local" # now\n', '[cli]\ncontext = "prod" # now\n'],
      ["[cli] # mine\n# nothing\n", '[cli] # mine\ncontext = "prod"\n# nothing\n'],
      ["", ""],
    ]) {
      const { file, read, load } = userFile(`${before}${contexts}`);
      await chooseContext(file, "prod");
      expect(read()).toBe(before === "" ? `${contexts}\n[cli]\ncontext = "prod"\n` : `${after}${contexts}`);
      expect((await load()).target()).toMatchObject({ name: "prod" });
      await chooseContext(file, "local");
      expect((await load()).target()).toBeNull();
    }
  });

  test("refuses one that isn't there", async () => {
    const { file } = userFile('[contexts.prod]\nurl = "https://a"\n');
    expect(chooseContext(file, "prdo")).rejects.toMatchObject({ code: "not_found", hint: "did you mean prod?" });
  });
});

describe("remove", () => {
  test("takes the table and its comments, and none around it", async () => {
    const { file, read } = userFile(
      '# one\n[contexts.a]\nurl = "https://a"\n\n# two\n[contexts.prod]\n# inner\nurl = "https://p" # end\n\n# three\n[solo]\n',
    );
    await removeContext(file, "prod");
    expect(read()).toBe('# one\n[contexts.a]\nurl = "https://a"\n\n# two\n\n# three\n[solo]\n');
  });

  test("takes dotted keys too", async () => {
    const { file, read } = userFile('contexts.a.url = "https://a"\ncontexts.b.url = "https://b"\n');
    await removeContext(file, "a");
    expect(read()).toBe('contexts.b.url = "https://b"\n');
  });

  test("takes the current one only when asked", async () => {
    const { file, load, read } = userFile('[cli]\ncontext = "prod"\n\n[contexts.prod]\nurl = "https://p"\n');
    expect(removeContext(file, "prod")).rejects.toMatchObject({ code: "conflict" });
    await removeContext(file, "prod", { force: true });
    expect((await load()).target()).toBeNull();
    expect(read()).toBe("[cli]\n\n");
  });

  test("refuses one that isn't there", async () => {
    expect(removeContext(userFile("").file, "prod")).rejects.toMatchObject({ code: "not_found" });
  });
});

test("a JSON file stays JSON", async () => {
  const { file, read, load } = userFile('{"solo": {"ingress_port": 9000}}', "config.json");
  await addContext(file, prod, "/");
  await chooseContext(file, "prod");
  expect(JSON.parse(read())).toEqual({
    solo: { ingress_port: 9000 },
    contexts: { prod: { url: prod.url } },
    cli: { context: "prod" },
  });
  await removeContext(file, "prod", { force: true });
  expect((await load()).get("solo.ingress_port")).toBe(9000);
});
