import { type LogLine, SoloError } from "../../api/index.ts";
import { levelOf } from "./level.ts";
import type { JoinedLine } from "./line-joiner.ts";

export interface LineQuery {
  readonly instance?: string | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  /** A JavaScript regular expression. */
  readonly grep?: string | undefined;
}

/** The document of a line if it is wanted, else `undefined`. Cheap tests come first; a message is decoded only if they pass. */
export type LineFilter = (line: JoinedLine) => LogLine | undefined;

/** @throws SoloError `usage` for an expression that is invalid or could take for ever */
export function lineFilter(service: string, query: LineQuery): LineFilter {
  const { instance } = query;
  const since = query.since === undefined ? undefined : new Date(query.since).toISOString();
  const pattern = query.grep === undefined ? undefined : compile(query.grep);
  return (line) => {
    if ((instance !== undefined && line.instance !== instance) || (since !== undefined && line.time < since))
      return undefined;
    const message = line.document?.message ?? line.message.toString("utf8");
    if (pattern && !pattern.test(message.slice(0, testedChars))) return undefined;
    line.document ??= documentOf(service, line, message);
    return line.document;
  };
}

function documentOf(service: string, { time, instance, stream, cursor }: JoinedLine, message: string): LogLine {
  return { type: "log", time, service, instance, stream, level: levelOf(message, stream), message, cursor };
}

function compile(source: string): RegExp {
  const pattern = parse(source);
  if (source.length > maxPatternChars || hasNestedRepetition(source)) {
    throw new SoloError("usage", `the expression ${JSON.stringify(source)} could take exponential time on some lines`, {
      hint: "avoid a repeated group that itself repeats without a bound, such as (a+)+: write a+ instead",
    });
  }
  return pattern;
}

function parse(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SoloError("usage", `${JSON.stringify(source)} is not a regular expression: ${reason}`, {
      hint: "JavaScript syntax; put a backslash before characters such as ( [ * + ? that are meant literally",
    });
  }
}

/** Whether a group that contains `*`, `+`, `{n,}` or an alternative is itself repeated without a bound: backtracking may explode. */
function hasNestedRepetition(source: string): boolean {
  const plain = source.replace(/\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  const groups: boolean[] = [];
  for (let at = 0; at < plain.length; at++) {
    const char = plain[at];
    const unbounded = char === "*" || char === "+" || /^\{\d+,\}/.test(plain.slice(at, at + 12));
    if (char === "(") groups.push(false);
    else if (char === ")") {
      const risky = groups.pop() ?? false;
      const repeated = /^(?:[*+]|\{\d+,\})/.test(plain.slice(at + 1, at + 13));
      if (risky && repeated) return true;
      if (risky && groups.length > 0) groups[groups.length - 1] = true;
    } else if ((unbounded || char === "|") && groups.length > 0) groups[groups.length - 1] = true;
  }
  return false;
}

/** Characters of a line that an expression is tried on: beyond them even a quadratic one would stop the kernel for seconds. */
const testedChars = 65_536;
const maxPatternChars = 1_000;
