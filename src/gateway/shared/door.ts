import { type Check, SoloError } from "../../api/index.ts";

/** A way into the kernel by a port. */
export interface Door {
  /** Whether it is open, for `solo health`. */
  check(): Check;
  close(): Promise<void>;
}

export interface DoorOptions<Listener> {
  /** Of its check. */
  readonly name: string;
  /** In sentences, such as `the HTTP API`. */
  readonly title: string;
  /** Its port in sentences, such as `the port 8080 of the HTTP API`. */
  readonly port: string;
  /** Of that port. */
  readonly setting: string;
  /** Host and port. */
  readonly address: string;
  /** What is said behind the address where it listens, such as ` (TLS)`. */
  readonly manner?: string;
  /** Why it must not open at all; undefined: it may. */
  readonly shut?: string | undefined;
  readonly listen: () => Listener | Promise<Listener>;
  /** With what listens, if anything does. */
  readonly close: (listener: Listener | undefined) => void | Promise<void>;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** Opens a door. A port that another program has is tried again until it is free: services matter more than a way in. */
export function openDoor<Listener extends object>(options: DoorOptions<Listener>): Door {
  const { name, title, address, manner = "", listen, say } = options;
  let listener: Listener | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let problem = options.shut;
  const open = async () => {
    try {
      const listening = listen();
      // Without waiting where that is not needed, so that it is open when this returns.
      listener = listening instanceof Promise ? await listening : listening;
      if (problem !== undefined) say("info", `${title} listens on ${address}`);
      problem = undefined;
    } catch (thrown) {
      const message = failureOf(thrown, options);
      if (message !== problem) say("warn", message);
      problem = message;
      timer = setTimeout(() => void (opening = open()), retryMs);
      timer.unref();
    }
  };
  let opening: Promise<void> | undefined;
  if (problem === undefined) opening = open();
  else say("warn", problem);
  return {
    check: () => {
      if (listener !== undefined) return { name, status: "healthy", message: `listens on ${address}${manner}` };
      return { name, status: "degraded", message: problem ?? `does not listen on ${address} yet` };
    },
    close: async () => {
      clearTimeout(timer);
      await opening;
      // An attempt that was under way may have set the next one.
      clearTimeout(timer);
      await options.close(listener);
    },
  };
}

function failureOf<Listener>(thrown: unknown, { title, port, setting, address }: DoorOptions<Listener>): string {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE") {
    return `${port} is taken by another program; trying again (${setting} names another one)`;
  }
  return `${title} can't listen on ${address}: ${SoloError.from(thrown).message}`;
}

/** Between attempts to get the port while another program has it. */
const retryMs = 1_000;
