import { accessSync, closeSync, constants, openSync, readdirSync, readSync } from "node:fs";
import { SoloError } from "../../../api/index.ts";

/** What the head of a file must hold: a `#!` line (255 bytes at most on Linux), or the ELF program headers. */
const headBytes = 4_096;

/**
 * Checks that execve(2) would take a file: a script whose interpreter exists, or an ELF program for this processor whose
 * loader exists. Other formats pass where the system has handlers registered (binfmt_misc), and files that can't be read.
 *
 * @throws SoloError `not_executable` with what is missing
 */
export function checkFormat(path: string): void {
  const head = readHead(path);
  if (head === undefined) return;
  if (head.toString("latin1", 0, 2) === "#!") checkScript(path, head.toString("utf8"));
  else if (head.toString("latin1", 0, 4) === "\x7fELF") checkElf(path, head);
  else if (!hasForeignHandlers()) {
    throw new SoloError(
      "not_executable",
      `${path} is neither a program nor a script with a first line such as #!/bin/sh`,
      {
        hint: `begin the file with #! and its interpreter, or deploy the interpreter: solo deploy -- sh ${path}`,
      },
    );
  }
}

function readHead(path: string): Buffer | undefined {
  const head = Buffer.alloc(headBytes);
  try {
    const fd = openSync(path, "r");
    try {
      return head.subarray(0, readSync(fd, head, 0, headBytes, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function checkScript(path: string, head: string): void {
  const line = head.slice(2).split("\n", 1)[0] ?? "";
  const [interpreter = "", ...args] = line.trim().split(/\s+/);
  if (line.endsWith("\r")) {
    throw new SoloError(
      "not_executable",
      `${path} has Windows line ends: its interpreter would be "${interpreter}\\r"`,
      {
        hint: `convert it: sed -i 's/\\r$//' ${path}`,
      },
    );
  }
  if (!canExecute(interpreter)) throw missingInterpreter(path, interpreter);
  const program = args.find((arg) => !arg.startsWith("-") && !arg.includes("="));
  if (interpreter.endsWith("/env") && program !== undefined && Bun.which(program) === null) {
    throw missingInterpreter(path, program);
  }
}

function missingInterpreter(path: string, interpreter: string): SoloError {
  return new SoloError(
    "not_executable",
    `${path} needs the interpreter ${interpreter || "(none named)"}, which is not there`,
    {
      hint: "install it, or correct the script's first line",
    },
  );
}

/** elf(5): class at 4, byte order at 5, machine at 18, then where the program headers are. */
function checkElf(path: string, head: Buffer): void {
  const is64 = head[4] === 2;
  const machine = head[5] === 1 ? head.readUInt16LE(18) : head.readUInt16BE(18);
  if (!machines[process.arch]?.includes(machine) && !hasForeignHandlers()) {
    const name = machineNames[machine] ?? `machine type ${machine}`;
    throw new SoloError("not_executable", `${path} is built for ${name}, and this machine is ${process.arch}`, {
      hint: "build or download it for this machine",
    });
  }
  const loader = is64 && head[5] === 1 ? elfLoader(head) : undefined;
  if (loader !== undefined && !canExecute(loader)) {
    throw new SoloError("not_executable", `${path} needs the loader ${loader}, which is not there`, {
      hint: "it was built for another C library (musl instead of glibc, or the reverse); get the matching or a static build",
    });
  }
}

/** EM_386, EM_X86_64, EM_ARM, EM_AARCH64: a 64-bit kernel usually runs its 32-bit sibling as well. */
const machines: Readonly<Record<string, readonly number[]>> = { x64: [3, 62], arm64: [40, 183] };
const machineNames: Readonly<Record<number, string>> = { 3: "x86", 40: "arm", 62: "x64", 183: "arm64", 243: "riscv" };

/** The text of the PT_INTERP segment of a 64-bit little-endian program, when it lies within the head. */
function elfLoader(head: Buffer): string | undefined {
  const [offset, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let index = 0; index < count; index++) {
    const at = offset + index * size;
    if (at + 56 > head.byteLength) return undefined;
    if (head.readUInt32LE(at) !== 3) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    const to = from + Number(head.readBigUInt64LE(at + 32)) - 1;
    return to <= head.byteLength ? head.toString("utf8", from, to) : undefined;
  }
  return undefined;
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the kernel hands other formats to programs such as qemu or Java. */
function hasForeignHandlers(): boolean {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}
