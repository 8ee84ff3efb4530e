import { resolve } from "node:path";
import { ownVariables, SoloError } from "../../api/index.ts";

/**
 * A service's environment from `--env-file` and `--env`; the flag nearer to the end of the line wins. A file may have a `PORT`
 * for other programs' sake: instances get their own all the same.
 */
export function environmentOf(
  words: readonly string[],
  files: readonly string[],
  from: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const file of files) Object.assign(environment, readEnvFile(file, from.cwd));
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    if (!variableName.test(name)) throw usage(`--env ${word}: ${JSON.stringify(name)} is no variable name`);
    if (ownVariables.has(name)) {
      throw new SoloError("usage", `--env ${name}: Solo sets ${name} itself`, {
        hint: name === "PORT" ? "write --port for a program that must have one port" : "choose another name",
      });
    }
    const value = equals === -1 ? from.env[name] : word.slice(equals + 1);
    if (value === undefined) throw usage(`--env ${name}: it is not set in this shell`);
    environment[name] = value;
  }
  return environment;
}

/** Lines of `NAME=value`, empty ones and `#` comments. A value may stand in quotes; nothing is expanded. */
function readEnvFile(file: string, cwd: string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [index, line] of readText(file, cwd).split("\n").entries()) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(text);
    if (!match?.[1]) {
      throw new SoloError("invalid_config", `${file}:${index + 1}:1: expected NAME=value`, {
        hint: "one variable per line; # begins a comment",
      });
    }
    environment[match[1]] = unquote(match[2] ?? "");
  }
  return environment;
}

function readText(file: string, cwd: string): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(resolve(cwd, file), "utf8");
  } catch (cause) {
    throw new SoloError("file_not_found", `--env-file ${file}: can't be read`, { hint: "check the path", cause });
  }
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (!quoted) return value;
  return quoted[1] === '"' ? (quoted[2] ?? "").replaceAll("\\n", "\n").replaceAll('\\"', '"') : (quoted[2] ?? "");
}

function usage(message: string): SoloError {
  return new SoloError("usage", message, { hint: "write --env NAME=value, or --env NAME to pass on the shell's own" });
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
