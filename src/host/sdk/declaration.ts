import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The text of `solo.d.ts`, which makes `import … from "solo"` known to an editor. It is the source of the types itself,
 * so the two can't differ. Import it as a macro (`with { type: "macro" }`): the text is then taken at build time.
 */
export function sdkDeclaration(): string {
  const source = readFileSync(join(import.meta.dir, "service.ts"), "utf8");
  const body = `${source}\nexport const defineService: DefineService;`
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
  return `// The types of Solo's SDK, written by \`solo init\`.\ndeclare module "solo" {\n${body}\n}\n`;
}
