import { SoloError } from "../api/index.ts";

/** What `SOLO_OUTPUT` may be: `json` stands for `--json` in every command, `text` is what happens without it. */
const outputs = ["json", "text"];

/** @throws SoloError `usage` for a `SOLO_OUTPUT` that would be ignored; an empty one counts as none */
export function checkEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): void {
  const { SOLO_OUTPUT: output } = env;
  if (!output || outputs.includes(output)) return;
  throw new SoloError("usage", `SOLO_OUTPUT: unknown output ${JSON.stringify(output)}`, {
    hint: `the known ones are ${outputs.join(" and ")}`,
  });
}
