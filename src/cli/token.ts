import { SoloError } from "../api/error.ts";

/**
 * The token that the environment gives this command: `SOLO_TOKEN`, or the file that `SOLO_TOKEN_FILE` names, as it does in
 * every service. With one, a command has its rights and no others, also towards this machine's own kernel. An empty variable
 * counts as none.
 * @throws SoloError `invalid_config` for a file that can't be read
 */
export function environmentToken(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const { SOLO_TOKEN: token, SOLO_TOKEN_FILE: file } = env;
  if (token) return token.trim();
  return file ? tokenIn(file, "SOLO_TOKEN_FILE", "unset the variable") : undefined;
}

/**
 * The token in a file.
 * @param setting what named the file, and how to take that back
 * @throws SoloError `invalid_config` for a file that can't be read
 */
export function tokenIn(file: string, setting: string, withdrawal: string): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new SoloError("invalid_config", `${setting}: can't read ${file}`, {
      hint: `check the path; ${withdrawal} to go without a token`,
      cause,
    });
  }
}
