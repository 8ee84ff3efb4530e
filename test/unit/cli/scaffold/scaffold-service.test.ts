import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SoloError } from "../../../../src/api/index.ts";
import { scaffoldService, templateNames } from "../../../../src/cli/scaffold/index.ts";

const root = mkdtempSync(join(tmpdir(), "solo-scaffold-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tsc = join(import.meta.dir, "../../../../node_modules/.bin/tsc");

async function typeCheck(directory: string): Promise<string> {
  const child = Bun.spawn({ cmd: [tsc, "-p", directory], cwd: directory, stdin: "ignore", stdout: "pipe" });
  return new Response(child.stdout).text();
}

describe("solo init", () => {
  test("writes services that type-check without any package", async () => {
    const checks = templateNames.map(async (template) => {
      const directory = join(root, template);
      const files = scaffoldService({ directory, name: template, template });
      expect(readdirSync(directory).sort()).toEqual([...files].sort());
      expect(await typeCheck(directory)).toBe("");
    });
    await Promise.all(checks);
  });

  test("gives the SDK types that refuse a mistake and know every member", async () => {
    const directory = join(root, "typed");
    scaffoldService({ directory, name: "typed", template: "service" });
    writeFileSync(join(directory, "service.ts"), wholeSdk);
    expect(await typeCheck(directory)).toBe("");
    writeFileSync(join(directory, "service.ts"), mistakes);
    const complaints = await typeCheck(directory);
    for (const line of [3, 4, 5]) expect(complaints).toContain(`service.ts(${line},`);
  });

  test("writes nothing when one of its files exists", () => {
    const directory = join(root, "taken");
    mkdirSync(directory);
    writeFileSync(join(directory, "tsconfig.json"), "mine");
    expect(() => scaffoldService({ directory, name: "taken", template: "fetch" })).toThrow(
      expect.objectContaining({ code: "conflict", message: `${directory} already has tsconfig.json` }),
    );
    expect(readdirSync(directory)).toEqual(["tsconfig.json"]);
    expect(readFileSync(join(directory, "tsconfig.json"), "utf8")).toBe("mine");
  });

  test("refuses a name that no service can have", () => {
    const options = { directory: join(root, "x"), name: "a b", template: "fetch" } as const;
    expect(() => scaffoldService(options)).toThrow(SoloError);
  });
});

const wholeSdk = `import { defineService, type Context, type Service } from "solo";
const later = (ctx: Context) => ctx.signal.addEventListener("abort", () => ctx.log.warn("end", { tenant: ctx.tenant }));
const service = defineService({
  async migrate(state, from) { if (from < 2) await state.update<number>("n", (n = 0) => n + 1); },
  async start(ctx) { later(ctx); await ctx.state.set("a", { n: 1 }, { durability: "async", ifVersion: 0 }); },
  async stop(ctx) { ctx.log.error(ctx.instance + ctx.revision + (ctx.env.HOME ?? "")); },
  health: () => ({ status: "degraded", message: "slow" }),
  async fetch(request, ctx) { return Response.json({ url: request.url, service: ctx.service }); },
  methods: {
    async add(input, ctx) { ctx.log.debug("add"); return { sum: input.a + input.b }; },
    twice: (input: { n: number }) => input.n * 2,
  },
});
service.methods.twice({ n: 1 });
export default service satisfies Service;
`;

const mistakes = `import { defineService } from "solo";
export default defineService({
  health: () => ({ status: "fine" }),
  fetch: () => "text",
  start: (ctx) => ctx.memory.get("x"),
});
`;
