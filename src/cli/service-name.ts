import { SoloError } from "../api/index.ts";

/** The service that a command is about: its argument NAME or `--service-id`, which must not disagree. */
export function serviceName(argument: string | undefined, flag: string | undefined): string {
  const name = optionalServiceName(argument, flag);
  if (name !== undefined) return name;
  throw new SoloError("usage", "missing argument NAME", { hint: "`solo list` shows the names of your services" });
}

export function optionalServiceName(argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument !== undefined && flag !== undefined && argument !== flag) {
    throw new SoloError("usage", `two services are named: ${argument} and, by --service-id, ${flag}`, {
      hint: "give the name once",
    });
  }
  return argument ?? flag;
}
