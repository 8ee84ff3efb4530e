import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, validate } from "../../../src/config/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const env = (home: string) => ({ HOME: home });

async function load(text: string) {
  const folder = temporaryFolder();
  const file = join(folder, "config.toml");
  writeFileSync(file, text);
  return {
    config: await loadConfig({ cwd: folder, env: env(folder), flags: { config: file } }),
    folder,
  };
}

test("quotas of tenants are read in bytes, and paths from the file's folder", async () => {
  const { config, folder } = await load(`
    [limits]
    max_services = 50
    [tenants.acme]
    max_services = 3
    max_memory = "1GB"
    max_cpu = 1.5
    max_disk = "2GiB"
    rate = 100
    max_calls = 5
    paths = ["/srv/acme", "shared", "~/acme"]
    [tenants.zebra]
  `);
  expect(config.get("limits.max_services")).toBe(50);
  expect(config.tenants.get("acme")).toEqual({
    max_services: 3,
    max_memory: 1e9,
    max_cpu: 1.5,
    max_disk: 2_147_483_648,
    rate: 100,
    max_calls: 5,
    paths: ["/srv/acme", join(folder, "shared"), join(folder, "acme")],
  });
  expect(config.tenants.get("zebra")).toEqual({ paths: [] });
});

test("what is wrong with a tenant's table is told with its place, and the nearest key", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "config.toml");
  const text = `
[tenants.acme]
max_service = 3
max_memory = 5
max_cpu = 0
rate = "fast"
paths = "/srv"
[tenants."no name"]
`;
  writeFileSync(file, text);
  const problems = await validate({ file, cwd: folder, env: env(folder) });
  expect(problems.map(({ line, key, message, hint }) => [line, key, message, hint])).toEqual([
    [3, "tenants.acme.max_service", "unknown key", "did you mean max_services?"],
    [4, "tenants.acme.max_memory", expect.stringContaining("a size with its unit"), 'write "64MB"'],
    [5, "tenants.acme.max_cpu", "expected a number of cores from 0.01 to 1024, got 0", null],
    [6, "tenants.acme.rate", 'expected operations a second from 1 to 1000000, got "fast"', null],
    [7, "tenants.acme.paths", expect.stringContaining("files and folders"), null],
    [8, expect.stringContaining("tenants"), expect.stringContaining("invalid tenant name"), null],
  ]);
});

test("tenants are a matter of the machine, not of a project", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "solo.toml"), `[service.a]\nsource = "a.ts"\n[tenants.acme]\nrate = 1\n`);
  const [problem] = await validate({ file: "solo.toml", cwd: folder, env: env(folder) });
  expect(problem?.message).toBe("tenants belong in the user configuration");
});
