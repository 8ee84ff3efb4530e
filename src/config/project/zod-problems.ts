import { z } from "zod";
import { type ConfigDocument, isTable } from "../document.ts";
import { suggest } from "../nearest.ts";
import type { Problem } from "../problem.ts";
import type { KeyPath } from "../scan/key-map.ts";
import { Refusal, refusalMessage } from "../value-types.ts";

/** Checks one table of a file. Gives the typed value, or adds what is wrong to `problems`, each where it is written. */
export function parseTable<Schema extends z.ZodType>(
  schema: Schema,
  document: ConfigDocument,
  path: KeyPath,
  problems: Problem[],
): z.infer<Schema> | undefined {
  const value = valueAt(document.value, path);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(...toProblems(issue, schema, document, path));
  return undefined;
}

function toProblems(issue: z.core.$ZodIssue, schema: z.ZodType, document: ConfigDocument, base: KeyPath): Problem[] {
  const inner = issue.path.filter((part) => typeof part !== "symbol");
  const path = [...base, ...inner];
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, inner);
    return issue.keys.map((key) =>
      document.problem([...path, key], "unknown key", { at: "key", hint: suggest(key, known) }),
    );
  }
  const value = valueAt(document.value, path);
  if (value === undefined)
    return [document.problem(path.slice(0, -1), `${String(path.at(-1))} is missing`, { at: "key" })];
  if (issue.code === "invalid_union") return unionProblems(issue, schema, document, path, base);
  const hint = issue.code === "custom" && typeof issue.params?.hint === "string" ? { hint: issue.params.hint } : {};
  return [
    document.problem(
      path,
      issue.code === "custom" ? issue.message : refusalMessage(new Refusal(expected(issue)), value),
      hint,
    ),
  ];
}

/** Of a union's members the one that a table was meant for is its table, so that mistakes inside are told as such. */
function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.ZodType,
  document: ConfigDocument,
  path: KeyPath,
  base: KeyPath,
): Problem[] {
  const value = valueAt(document.value, path);
  const meant = isTable(value)
    ? issue.errors.find((errors) => errors.every(({ path: at, code }) => at.length > 0 || code === "unrecognized_keys"))
    : undefined;
  if (meant === undefined) {
    const forms = [...new Set(issue.errors.flatMap((errors) => errors.map(expected)))];
    return [document.problem(path, refusalMessage(new Refusal(forms.join(" or ")), value))];
  }
  return meant.flatMap((inner) =>
    toProblems({ ...inner, path: [...path.slice(base.length), ...inner.path] }, schema, document, base),
  );
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return (
        {
          string: "a text",
          array: "an array",
          object: "a table",
          record: "a table",
          boolean: "true or false",
          number: "a number",
        }[String(issue.expected)] ?? issue.expected
      );
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      return issue.origin === "array" ? "at least one element" : "a text that isn't empty";
    case "invalid_key":
      return "names made of letters, digits and _";
    default:
      return issue.message.replace(/^expects /, "");
  }
}

/** The keys that a schema allows in the table at a path. */
function keysAt(schema: unknown, path: KeyPath): readonly string[] {
  if (schema instanceof z.ZodOptional) return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysAt(option, path));
  if (schema instanceof z.ZodRecord) return path.length === 0 ? [] : keysAt(schema.valueType, path.slice(1));
  if (schema instanceof z.ZodArray) return path.length === 0 ? [] : keysAt(schema.element, path.slice(1));
  if (!(schema instanceof z.ZodObject)) return [];
  const [first, ...rest] = path;
  return first === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(first)], rest);
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const part of path) {
    if (Array.isArray(value) && typeof part === "number") value = value[part];
    else if (isTable(value)) value = value[String(part)];
    else return undefined;
  }
  return value;
}
