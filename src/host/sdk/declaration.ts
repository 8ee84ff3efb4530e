import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The text of `solo.d.ts`, which makes `import … from "solo"` known to an editor. It is the source of the types itself,
 * so the two can't differ. Import it as a macro (`with { type: "macro" }`): the text is then taken at build time.
 */
export function sdkDeclaration(): string {
  const files = ["service.ts", "secrets.ts", "steps.ts", "calls.ts", "discovery.ts"].map((file) =>
    readFileSync(join(import.meta.dir, file), "utf8"),
  );
  // Both become one module.
  const source = files.map((text) => text.replace(/^import [^\n]*\n\n?/gm, "")).join("\n");
  const body = `${source}\nexport const defineService: DefineService;`
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
  return `// The types of Solo's SDK, written by \`solo init\`.\ndeclare module "solo" {\n${body}\n}\n`;
}
