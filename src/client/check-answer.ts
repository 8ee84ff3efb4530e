import type { z } from "zod";
import { answers, type OperationName, type OperationOutput, routes, SoloError } from "../api/index.ts";

/** What a difference between two builds did to an answer, for the user to know. */
export type TellSkew = (message: string) => void;

interface Builds {
  readonly theirs: string;
  readonly ours: string;
}

/**
 * An answer from a kernel of another build, in the form that this build relies on. Fields that only the other build knows are
 * kept, and so are words that only it has, such as a state; a field that it lacks gets null or nothing, and that is told.
 *
 * @throws SoloError `failed` for an answer that can't be brought into that form
 */
export function checkAnswer<Name extends OperationName>(
  name: Name,
  value: OperationOutput[Name],
  builds: Builds,
  tell: TellSkew,
): OperationOutput[Name] {
  const schema = answers[name];
  const lacking = new Lacking();
  for (;;) {
    const issue = schema.safeParse(value).error?.issues.find((one) => !isForeignWord(one, value));
    if (issue === undefined) break;
    if (!lacking.fill(value, issue.path)) throw unknownForm(name, issue, builds);
  }
  if (lacking.paths.length > 0) {
    const fields = lacking.paths.join(", ");
    tell(
      `the kernel (${builds.theirs}) is of another version than this solo (${builds.ours}): ${name} lacks ${fields}`,
    );
  }
  return value;
}

/** Fills what an answer lacks, in the answer itself. */
class Lacking {
  /** How many of the stand-ins were tried, by the path of what was lacking. */
  readonly #tried = new Map<string, number>();

  /** Of fields, without positions in lists. */
  get paths(): string[] {
    return [...new Set([...this.#tried.keys()].map((path) => path.replaceAll(/\.?\b\d+\b/g, "[]")))];
  }

  /** Whether something could be put at a path where nothing is, or another stand-in where one is. */
  fill(value: unknown, path: readonly PropertyKey[]): boolean {
    const place = path.join(".");
    const tried = this.#tried.get(place) ?? 0;
    const parent = at(value, path.slice(0, -1));
    const key = path.at(-1);
    if (key === undefined || typeof parent !== "object" || parent === null || tried >= standIns.length) return false;
    if (tried === 0 && Reflect.get(parent, key) !== undefined) return false;
    this.#tried.set(place, tried + 1);
    return Reflect.set(parent, key, structuredClone(standIns[tried]));
  }
}

/** From the one that says the least. */
const standIns = [null, [], {}, false, 0, "unknown", new Date(0).toISOString()] as const;

/** A word that is none of those this build knows: a newer kernel may have more states, reasons and events. */
function isForeignWord({ code, path }: z.core.$ZodIssue, value: unknown): boolean {
  return code === "invalid_value" && typeof at(value, path) === "string";
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

function unknownForm(name: OperationName, issue: z.core.$ZodIssue, { theirs, ours }: Builds): SoloError {
  const place = issue.path.length > 0 ? `: ${issue.path.join(".")}: ${issue.message}` : "";
  return new SoloError(
    "failed",
    `the kernel (${theirs}) answered ${name} in a form that this solo (${ours}) doesn't know${place}`,
    { hint: bothToOne, applied: routes[name].method === "GET" ? "no" : "unknown" },
  );
}

/** How a kernel and a client become one version. */
const bothToOne =
  "bring both to one version: on the kernel's machine `solo stop --keep-services`, then `solo start`; services keep running";
