import { SoloError } from "../api/error.ts";
import { formatPlace, type Place } from "./place.ts";

/** One thing that is wrong in one place of a configuration file. */
export interface Problem extends Place {
  /** The key it is about, dotted; empty for the document as a whole. */
  readonly key: string;
  readonly message: string;
  /** What to write instead, when that can be told. */
  readonly hint: string | null;
}

/** Longest list of problems that an error message spells out; the rest is in its details. */
const maxProblemsShown = 20;

/** All problems as one `invalid_config` error: a line each in the message, and as data in `details.problems`. */
export function problemsError(problems: readonly Problem[], cause?: unknown): SoloError {
  const sorted = sortProblems(problems);
  const [only, ...others] = sorted;
  // The hint of a single problem is the error's own, so it isn't said twice.
  const shown =
    only !== undefined && others.length === 0 ? [{ ...only, hint: null }] : sorted.slice(0, maxProblemsShown);
  const lines = shown.map(formatProblem);
  if (sorted.length > maxProblemsShown) lines.push(`… and ${sorted.length - maxProblemsShown} more`);
  const hint = others.length === 0 ? only?.hint : undefined;
  return new SoloError("invalid_config", lines.join("\n"), {
    hint: hint ?? "`solo config init --print` shows every key with its default",
    details: { problems: sorted },
    cause,
  });
}

/** `solo.toml:3:5: service.api.replicas: expected …`, with the hint in brackets. */
export function formatProblem(problem: Problem): string {
  const key = problem.key === "" ? "" : `${problem.key}: `;
  const hint = problem.hint === null ? "" : ` (${problem.hint})`;
  return `${formatPlace(problem)}: ${key}${problem.message}${hint}`;
}

/** In the order of the text, so that a reader can fix them from top to bottom. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) =>
      a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column || a.message.localeCompare(b.message),
  );
}
