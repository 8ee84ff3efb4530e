import type { View } from "../view.ts";

type ExitCodes = { readonly exit_codes: readonly { readonly code: number; readonly meaning: string }[] };

export function renderExitCodes({ exit_codes }: ExitCodes, { style }: View): string {
  return exit_codes.map(({ code, meaning }) => `${style.bold(String(code).padStart(3))}  ${meaning}`).join("\n");
}
