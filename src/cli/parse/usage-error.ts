import { SoloError } from "../../api/index.ts";
import { nearest } from "../../config/index.ts";

/**
 * oclif's complaint about a command line, as a usage error with the next step.
 * @param id the command's id, such as `config:show`
 */
export function usageError(thrown: Error, id: string): SoloError {
  const help = `\`solo ${[...id.split(":"), "--help"].join(" ")}\` shows what it takes`;
  const flags = stringsOf(thrown, "flags");
  if (flags.length > 0) {
    const [flag = ""] = flags;
    const candidate = nearest(flag, knownFlags(thrown));
    const hint = candidate ? `did you mean ${candidate}?` : help;
    return new SoloError("usage", `unknown flag${flags.length > 1 ? "s" : ""} ${flags.join(", ")}`, {
      hint,
      cause: thrown,
    });
  }
  return new SoloError("usage", messageOf(thrown), { hint: help, cause: thrown });
}

function messageOf(thrown: Error): string {
  const value = /^Parsing (--\S+) \n\t(Expected .*) but received: (.*)$/m.exec(thrown.message);
  if (value !== null) {
    const [, flag, expected = "", given] = value;
    return `${flag}: ${expected.charAt(0).toLowerCase()}${expected.slice(1)}, got ${JSON.stringify(given)}`;
  }
  const missing = /^Missing \d+ required args?/.test(thrown.message);
  const unexpected = /^Unexpected arguments?: (.*)$/m.exec(thrown.message)?.[1];
  if (missing && "args" in thrown && Array.isArray(thrown.args)) {
    const names = thrown.args.map((argument) => String(argument?.name ?? "").toUpperCase());
    return `missing argument${names.length > 1 ? "s" : ""} ${names.join(" and ")}`;
  }
  if (unexpected !== undefined) return `unexpected argument${unexpected.includes(", ") ? "s" : ""} ${unexpected}`;
  const first = thrown.message.split("\nSee more help")[0] ?? thrown.message;
  return first.charAt(0).toLowerCase() + first.slice(1);
}

function stringsOf(thrown: Error, field: "flags"): string[] {
  if (!(field in thrown)) return [];
  const value = thrown[field];
  return Array.isArray(value) ? value.map(String) : [];
}

/** oclif keeps what it parsed against: the flags of the command that was meant. */
function knownFlags(thrown: Error): string[] {
  const input = inputOf(thrown);
  return input !== undefined && "flags" in input ? Object.keys(input.flags ?? {}).map((name) => `--${name}`) : [];
}

function inputOf(thrown: Error): object | undefined {
  if (!("parse" in thrown)) return undefined;
  const { parse } = thrown;
  if (typeof parse !== "object" || parse === null || !("input" in parse)) return undefined;
  const { input } = parse;
  return typeof input === "object" && input !== null ? input : undefined;
}
