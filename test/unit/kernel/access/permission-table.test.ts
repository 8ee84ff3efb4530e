import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OperationName, operations, permissions, roleNames, roles } from "../../../../src/api/index.ts";

/** The tables in docs/security.md are those of the code. `UPDATE_GOLDEN=1` writes them anew. */

const file = join(import.meta.dir, "../../../../docs/security.md");
const begin = "<!-- permissions -->\n";
const end = "<!-- /permissions -->";

test("docs/security.md says which operation needs which permission, and what the roles have", () => {
  const text = readFileSync(file, "utf8");
  const [before = "", rest = ""] = text.split(begin);
  const [table = "", after = ""] = rest.split(end);
  const wanted = tables();
  if (process.env.UPDATE_GOLDEN === "1" && table !== wanted) {
    writeFileSync(file, `${before}${begin}${wanted}${end}${after}`);
    return;
  }
  expect(table).toBe(wanted);
});

function tables(): string {
  const names = Object.keys(operations).filter((name): name is OperationName => Object.hasOwn(operations, name));
  const rows = [...permissions, "any", "open"].map((permission) => {
    const needing = names.filter((name) => operations[name].permission === permission);
    const shown = needing.map((name) =>
      operations[name].on === "kernel" && permission !== "open" ? `${name} (\`*\`)` : name,
    );
    const having = roleNames.filter((role) => roles[role].some((one) => one === permission));
    return `| \`${permission}\` | ${[...shown, ...besides(permission)].join(", ")} | ${having.join(", ")} |\n`;
  });
  return `| permission | operations | roles |\n| --- | --- | --- |\n${rows.join("")}`;
}

/** What a permission is needed for beside an operation of its own. */
function besides(permission: string): string[] {
  if (permission === "unsandboxed") return ["deploy without a sandbox, or in audit mode"];
  if (permission === "operate") return ["remove"];
  if (permission === "secrets:use") return ["deploy with secrets"];
  if (permission === "call") return ["deploy with `allow`"];
  return [];
}
