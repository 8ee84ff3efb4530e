import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Problem, paths, validate } from "../config/index.ts";

/** What `solo config validate` prints. */
export interface Validation {
  readonly valid: boolean;
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/** Checks one file, or the project's and the user's, which need not exist. Never throws for what is wrong inside one. */
export async function validateFiles(wanted: {
  readonly file: string | undefined;
  readonly config: string | undefined;
}): Promise<Validation> {
  const cwd = process.cwd();
  const files = wanted.file === undefined ? usualFiles(cwd, wanted.config) : [wanted.file];
  const found = await Promise.all(files.map((file) => validate({ file, cwd, env: process.env })));
  const problems = found.flat();
  return { valid: problems.length === 0, files, problems };
}

function usualFiles(cwd: string, config: string | undefined): string[] {
  const named = config ?? process.env.SOLO_CONFIG;
  const { configDir } = paths(process.env);
  const project = ["solo.toml", "solo.json"].filter((name) => existsSync(join(cwd, name)));
  if (named) return [...project, named];
  return [
    ...project,
    ...["config.toml", "config.json"].map((name) => join(configDir, name)).filter((file) => existsSync(file)),
  ];
}
