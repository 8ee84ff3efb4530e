import { formatProblem } from "../../config/index.ts";
import type { Validation } from "../validate-files.ts";
import type { View } from "../view.ts";

export function renderProblems({ valid, files, problems }: Validation, { style }: View): string {
  if (files.length === 0) return style.dim("no configuration file: the built-in values are in effect");
  if (valid) return files.map((file) => `${style.green("valid")}  ${file}`).join("\n");
  return problems.map((problem) => `${style.red("wrong")}  ${formatProblem(problem)}`).join("\n");
}
