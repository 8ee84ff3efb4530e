import { createInterface } from "node:readline/promises";
import { SoloError } from "../api/index.ts";

/**
 * Asks before data is lost. `--yes` is an answer given beforehand; off a terminal it is the only one.
 * @param what completes "This …"
 * @throws `confirmation_required` without a terminal, `failed` when the answer is no
 */
export async function confirmLoss(what: string, { yes }: { readonly yes: boolean }): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SoloError("confirmation_required", `this ${what}, and there is no terminal to ask on`, {
      hint: "repeat the command with --yes if that is what you want",
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`This ${what}. Go on? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
    throw new SoloError("failed", "nothing was changed");
  } finally {
    lines.close();
  }
}
