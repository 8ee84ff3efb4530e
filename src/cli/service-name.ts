import { nameForm, namePattern, SoloError } from "../api/index.ts";

/** The service that a command is about: its argument NAME or `--service-id`, which must not disagree. */
export function serviceName(argument: string | undefined, flag: string | undefined): string {
  const name = optionalServiceName(argument, flag);
  if (name !== undefined) return name;
  throw new SoloError("usage", "missing argument NAME", { hint: "`solo list` shows the names of your services" });
}

/** The same where a command is about everything without a name. */
export function optionalServiceName(argument: string | undefined, flag: string | undefined): string | undefined {
  const name = nameGivenOnce(argument, flag);
  if (name === undefined || namePattern.test(name)) return name;
  throw new SoloError("invalid_name", `invalid name ${quoted(name)}: use ${nameForm}`, {
    hint: "`solo list` shows the names of your services",
  });
}

/** The name as given, for a service that may not be there yet. */
export function nameGivenOnce(argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument !== undefined && flag !== undefined && argument !== flag) {
    throw new SoloError("usage", `two services are named: ${quoted(argument)} and, by --service-id, ${quoted(flag)}`, {
      hint: "give the name once",
    });
  }
  return argument ?? flag;
}

/** A mistaken paste must not fill the screen. */
function quoted(name: string): string {
  return JSON.stringify(name.length > longestQuote ? `${name.slice(0, longestQuote)}…` : name);
}

const longestQuote = 80;
