import { boolean, custom, integer, string } from "@oclif/core/flags";
import { type ServiceKind, SoloError } from "../../api/index.ts";
import { duration } from "../flags/global.ts";

// Written out here, because the contract's own lists would load its validators.
const serviceKinds = ["source", "wasm", "command", "port"] as const satisfies readonly ServiceKind[];
const restartPolicies = ["permanent", "transient", "temporary"] as const;
type RestartPolicy = (typeof restartPolicies)[number];

/** Flags that describe one service; a solo.toml says the same and more. */
export const serviceFlags = {
  replicas: integer({ description: "How many instances to run", min: 0, max: 1_000, helpValue: "COUNT" }),
  env: string({
    char: "e",
    multiple: true,
    multipleNonGreedy: true,
    description: "Environment variable; the name alone passes on this shell's value",
    helpValue: "NAME=VALUE",
  }),
  "env-file": string({
    multiple: true,
    multipleNonGreedy: true,
    description: "File of NAME=value lines",
    helpValue: "FILE",
  }),
  kind: custom<ServiceKind>({ parse: choice(serviceKinds) })({
    description: "What PATH is, when its name does not tell",
    helpValue: serviceKinds.join("|"),
  }),
  restart: custom<RestartPolicy>({ parse: choice(restartPolicies) })({
    description: "When an instance that ended is started again",
    helpValue: restartPolicies.join("|"),
  }),
  "health-http": string({ description: "Path or URL that answers 200 to 399 when well", helpValue: "TARGET" }),
  "health-tcp": string({
    description: "Port that accepts connections when well; 0 is the instance's own",
    helpValue: "[HOST:]PORT",
  }),
  "health-exec": string({ description: "Shell command that ends with 0 when well", helpValue: "COMMAND" }),
  grace: duration({ description: "How long a new instance may take to get ready [default: 30s]" }),
  port: integer({
    description: "Port that the program listens on whatever it is told",
    min: 1,
    max: 65_535,
    helpValue: "PORT",
  }),
  cwd: string({ description: "Working folder of the program", helpValue: "FOLDER" }),
  dir: string({
    multiple: true,
    multipleNonGreedy: true,
    description: "Folder that a wasm module may open",
    helpValue: "GUEST=HOST",
  }),
  "allow-read": string({
    multiple: true,
    multipleNonGreedy: true,
    description: "File or folder that the service may read, beside its own",
    helpValue: "PATH",
  }),
  "allow-write": string({
    multiple: true,
    multipleNonGreedy: true,
    description: "File or folder that it may change",
    helpValue: "PATH",
  }),
  "allow-connect": string({
    multiple: true,
    multipleNonGreedy: true,
    description: "TCP port that it may connect to",
    helpValue: "PORT|any",
  }),
  "allow-listen": string({
    multiple: true,
    multipleNonGreedy: true,
    description: "TCP port that it may listen on, beside its own",
    helpValue: "PORT|any",
  }),
  "sandbox-audit": boolean({
    description: "Refuse no file and no port, and record what the service uses: see `solo capability suggest`",
    exclusive: ["sandbox", "unsandboxed"],
  }),
  sandbox: boolean({
    description: "Confine the service even where the configuration says otherwise",
    exclusive: ["unsandboxed"],
  }),
  unsandboxed: boolean({ description: "Run without a sandbox: the service may do whatever you may" }),
  host: string({
    multiple: true,
    multipleNonGreedy: true,
    description: "Host name, beside NAME.localhost, that leads to the service",
    helpValue: "HOST",
  }),
};

/** A parser for a flag with a closed set of values, whose type is that set. */
function choice<Value extends string>(values: readonly Value[]) {
  return async (text: string, _context: unknown, { name }: { readonly name: string }): Promise<Value> => {
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    throw new SoloError("usage", `--${name} expects ${values.join(", ")}, got ${JSON.stringify(text)}`, {
      hint: `write --${name} ${values[0]}`,
    });
  };
}
