import { ptr } from "bun:ffi";
import { closeSync, fstatSync, openSync } from "node:fs";
import { errno, libc, systemError } from "../libc.ts";

/** What Landlock (landlock(7)) of the running kernel can do. `abi` 0: nothing. */
export interface LandlockSupport {
  readonly abi: number;
  readonly files: boolean;
  /** Truncation is a right of its own; before, whoever could name a file could empty it. */
  readonly truncate: boolean;
  /** TCP ports. */
  readonly tcp: boolean;
  /** Signals and abstract unix sockets stay within the sandbox. */
  readonly scopes: boolean;
}

/** Asks the running kernel once. Linux 5.13 brought files, 6.2 truncation, 6.7 TCP, 6.12 scopes. */
export function landlockSupport(): LandlockSupport {
  support ??= describe(Number(libc().syscall(createRulesetCall, 0, 0, askVersion, 0, 0, 0)));
  return support;
}

export interface RulesetOptions {
  /** Whether files are restricted. Signals and abstract sockets are in any case, where that can be. */
  readonly files?: boolean;
  /** Without it any port may be connected to. */
  readonly connect: boolean;
  /** Without it any port may be listened on. */
  readonly listen: boolean;
}

/** What may be done with what lies at or beneath a path. */
export interface PathRights {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly execute?: boolean;
}

/** A set of rules that allows nothing until rules are added; a process that is restricted by it can never leave it again. */
export class Ruleset {
  readonly fd: number;
  readonly #handledFiles: number;

  /** @throws a system error where Landlock is missing */
  constructor({ files = true, connect, listen }: RulesetOptions) {
    const { abi, scopes, tcp } = landlockSupport();
    this.#handledFiles = files ? fileRights(abi) : 0;
    const network = tcp ? (listen ? bindPort : 0) | (connect ? connectPort : 0) : 0;
    const attributes = new BigUint64Array([
      BigInt(this.#handledFiles),
      BigInt(network),
      BigInt(scopes ? abstractSockets | signals : 0),
    ]);
    const size = scopes ? 24 : tcp ? 16 : 8;
    this.fd = Number(libc().syscall(createRulesetCall, ptr(attributes), size, 0, 0, 0, 0));
    if (this.fd < 0) throw systemError("landlock_create_ruleset", "");
  }

  /** Allows a file, or a folder with all beneath it. False when there is nothing at the path. */
  allowPath(path: string, { read = false, write = false, execute = false }: PathRights): boolean {
    let fd: number;
    try {
      fd = openSync(path, pathOnly | closeOnExec);
    } catch {
      return false;
    }
    try {
      const wanted = (read ? reading : 0) | (write ? reading | writing : 0) | (execute ? executing : 0);
      const possible = fstatSync(fd).isDirectory() ? this.#handledFiles : this.#handledFiles & onFiles;
      const rule = new DataView(new ArrayBuffer(12));
      rule.setBigUint64(0, BigInt(wanted & possible), true);
      rule.setInt32(8, fd, true);
      if (Number(libc().syscall(addRuleCall, this.fd, pathRule, ptr(rule), 0, 0, 0)) !== 0) {
        throw systemError("landlock_add_rule", path);
      }
      return true;
    } finally {
      closeSync(fd);
    }
  }

  /** Allows a TCP port where ports are restricted at all. */
  allowPort(port: number, { connect = false, listen = false }: { connect?: boolean; listen?: boolean }): void {
    const rule = new BigUint64Array([BigInt((listen ? bindPort : 0) | (connect ? connectPort : 0)), BigInt(port)]);
    if (Number(libc().syscall(addRuleCall, this.fd, portRule, ptr(rule), 0, 0, 0)) !== 0) {
      throw systemError("landlock_add_rule", `port ${port}`, errno());
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

let support: LandlockSupport | undefined;

function describe(answer: number): LandlockSupport {
  const abi = Math.max(answer, 0);
  return { abi, files: abi >= 1, truncate: abi >= 3, tcp: abi >= 4, scopes: abi >= 6 };
}

/** Every right on files that this version knows: what is not handled would be allowed. */
function fileRights(abi: number): number {
  return (abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi >= 2 ? 0x3fff : 0x1fff) >>> 0;
}

const executing = 1 << 0;
/** Read files and list folders. */
export const readingRights: number = (1 << 2) | (1 << 3);
const reading = readingRights;
/**
 * Write and truncate, make, remove and rename files, folders, links, sockets and FIFOs. Not among them: device files, which
 * no service needs to make.
 */
const writing =
  (1 << 1) |
  (1 << 4) |
  (1 << 5) |
  (1 << 7) |
  (1 << 8) |
  (1 << 9) |
  (1 << 10) |
  (1 << 12) |
  (1 << 13) |
  (1 << 14) |
  (1 << 15);
/** The rights that mean something on a file, and not only in a folder. */
const onFiles = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15);

const bindPort = 1 << 0;
const connectPort = 1 << 1;
const abstractSockets = 1 << 0;
const signals = 1 << 1;

const createRulesetCall = 444;
const addRuleCall = 445;
/** `LANDLOCK_CREATE_RULESET_VERSION`. */
const askVersion = 1;
const pathRule = 1;
const portRule = 2;
/** `O_PATH` and `O_CLOEXEC`. */
const pathOnly = 0o10000000;
const closeOnExec = 0o2000000;
