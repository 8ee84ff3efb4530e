/** Whether a command line, or `SOLO_OUTPUT=json`, asks for JSON: known even when the line can't be parsed. */
export function wantsJson(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const separator = argv.indexOf("--");
  const own = separator === -1 ? argv : argv.slice(0, separator);
  return own.some((argument) => argument === "--json" || argument.startsWith("--json=")) || env.SOLO_OUTPUT === "json";
}
