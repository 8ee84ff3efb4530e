import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { contextKeys } from "../../../src/config/contexts.ts";
import { exampleConfig, loadConfig, projectServices, settingKeys } from "../../../src/config/index.ts";
import { groupFileSchema, serviceFileSchema } from "../../../src/config/project/schema.ts";
import { settings } from "../../../src/config/settings.ts";
import { tenantKeys } from "../../../src/config/tenants.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const marker = "# The rest belongs in a project's solo.toml.";

/** Example lines that are commented out have no space after `#`, prose has one. */
async function parts(): Promise<{ user: string; project: string }> {
  const text = (await exampleConfig()).replaceAll(/^#(?=\S)/gm, "");
  const [user = "", project = ""] = text.split(marker);
  return { user, project };
}

function load(text: string, home: string) {
  const file = join(home, "config.toml");
  writeFileSync(file, text);
  return loadConfig({ cwd: home, env: { HOME: home, SOLO_CONFIG: file } });
}

test("the example as it stands equals the built-in defaults", async () => {
  const home = temporaryFolder();
  const example = await load(await exampleConfig(), home);
  const builtIn = await loadConfig({ cwd: home, env: { HOME: home } });
  expect(example.show()).toEqual(builtIn.show());
  for (const key of settingKeys())
    expect([key, example.explain(key).layer]).toEqual([key, key === "solo.data_dir" ? "built-in" : "user"]);
});

test("the example with everything uncommented is valid, and still equals the defaults", async () => {
  const home = temporaryFolder();
  const config = await load((await parts()).user, home);
  expect(config.show()).toEqual((await loadConfig({ cwd: home, env: { HOME: home } })).show());
  expect(Object.keys(config.tenants.get("acme") ?? {}).toSorted()).toEqual(tenantKeys.toSorted());
  expect(Object.keys(config.contexts.get("production") ?? {}).toSorted()).toEqual(["name", ...contextKeys].toSorted());
});

test("the example names every variable and flag", async () => {
  const text = await exampleConfig();
  for (const { variable, flag } of Object.values(settings)) {
    if (variable !== undefined) expect(text).toContain(variable);
    if (flag !== undefined) expect(text).toContain(`--${flag}`);
  }
});

test("the project's part is valid and shows every key of services, probes and groups", async () => {
  const { project } = await parts();
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "solo.toml"), project);
  const { services, groups } = await projectServices({
    file: "solo.toml",
    cwd,
    env: {},
    defaults: { stop_grace_ms: 30_000, log_bytes: 64_000_000 },
  });
  expect(services.map(({ name }) => name)).toEqual(["api", "db", "migrate", "agent"]);
  expect(groups).toHaveLength(1);
  for (const key of [...keysOf(serviceFileSchema), ...keysOf(groupFileSchema)])
    expect(project).toMatch(new RegExp(`\\b${key} = |\\.${key}\\]`));
});

test("what the project's part calls a default is one", async () => {
  const { project } = await parts();
  const cwd = temporaryFolder();
  const read = async (text: string) => {
    writeFileSync(join(cwd, "solo.toml"), text);
    const { services } = await projectServices({
      file: "solo.toml",
      cwd,
      env: {},
      defaults: { stop_grace_ms: 30_000, log_bytes: 64_000_000 },
    });
    return services[0]?.spec;
  };
  const shown = await read(project);
  const bare = await read('[service.api]\nsource = "a.ts"\nhealth = { http = "/health" }\n');
  expect(shown).toMatchObject({
    stop_grace_ms: bare?.stop_grace_ms,
    log_bytes: bare?.log_bytes,
    restart: bare?.restart,
  });
  expect(shown?.health.grace_ms).toBe(bare?.health.grace_ms ?? 0);
  for (const key of ["interval_ms", "timeout_ms", "success_threshold", "failure_threshold"] as const) {
    expect(shown?.health.readiness?.[key]).toBe(bare?.health.readiness?.[key] ?? 0);
  }
});

/** All keys of a schema's tables, those inside included. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(keysOf);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
