import { answers, type OperationName, type OperationOutput, SoloError } from "../api/index.ts";

/**
 * An answer from a kernel of another build, once it is known to have every field this build relies on. Fields that only
 * the other build knows are kept.
 */
export function checkAnswer<Name extends OperationName>(
  name: Name,
  value: OperationOutput[Name],
  builds: { readonly theirs: string; readonly ours: string },
): OperationOutput[Name] {
  const { error } = answers[name].safeParse(value);
  if (!error) return value;
  const issue = error.issues[0];
  const place = issue && issue.path.length > 0 ? `: ${issue.path.join(".")}: ${issue.message}` : "";
  throw new SoloError(
    "failed",
    `the kernel (${builds.theirs}) answered ${name} in a form that this solo (${builds.ours}) doesn't know${place}`,
    {
      hint: "bring both to one version: `solo stop --keep-services`, then `solo start`; the services keep running",
      applied: "unknown",
    },
  );
}
