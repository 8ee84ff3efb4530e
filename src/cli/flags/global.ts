import { boolean, custom, string } from "@oclif/core/flags";
import { parseDuration, parseSize, SoloError } from "../../api/index.ts";

/** Flags that every command takes, with the same meaning everywhere. */
export const globalFlags = {
  help: boolean({ char: "h", description: "Show this help", helpGroup: "GLOBAL" }),
  json: boolean({
    description: "Print one JSON document (a stream: one per line) [env: SOLO_OUTPUT=json]",
    helpGroup: "GLOBAL",
  }),
  tenant: string({ description: "Tenant to work in [env: SOLO_TENANT]", helpGroup: "GLOBAL", helpValue: "NAME" }),
  context: string({
    description: "Kernel to talk to, as named by `solo context add` [env: SOLO_CONTEXT]",
    helpGroup: "GLOBAL",
    helpValue: "NAME",
  }),
  config: string({ description: "User configuration file [env: SOLO_CONFIG]", helpGroup: "GLOBAL", helpValue: "FILE" }),
  "data-dir": string({
    description: "Folder of this machine's kernel [env: SOLO_DATA_DIR]",
    helpGroup: "GLOBAL",
    helpValue: "FOLDER",
  }),
  quiet: boolean({ char: "q", description: "No progress and no prose on stderr", helpGroup: "GLOBAL" }),
  yes: boolean({ char: "y", description: "Answer yes to every question", helpGroup: "GLOBAL" }),
};

/** For commands that change something and can wait until it has come about. */
export const waitFlags = {
  wait: boolean({ allowNo: true, default: true, description: "Wait until every instance is ready" }),
  timeout: string({ description: "How long to wait [default: 60s; env: SOLO_TIMEOUT]", helpValue: "DURATION" }),
};

export const dryRunFlag = {
  "dry-run": boolean({ description: "Show what would change (exit code 10 if anything would), change nothing" }),
};

/** The other way to name a service, for scripts that pass everything by flag. */
export const serviceIdFlag = {
  "service-id": string({ description: "The service, instead of the argument NAME", helpValue: "NAME" }),
};

/** A size such as `64MB`, in bytes. */
export const byteSize = custom<number>({
  helpValue: "SIZE",
  parse: async (text, _context, options) => {
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    throw new SoloError("usage", `--${options.name} expects a size, got ${JSON.stringify(text)}`, {
      hint: "write a number with its unit, such as 500KB, 64MB or 2GiB",
    });
  },
});

/** A duration such as `30s`, in milliseconds. */
export const duration = custom<number>({
  helpValue: "DURATION",
  parse: async (text, _context, options) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    throw new SoloError("usage", `--${options.name} expects a duration, got ${JSON.stringify(text)}`, {
      hint: "write a number with its unit, such as 250ms, 30s, 5m or 1h30m",
    });
  },
});
