/** What a seccomp filter is written in: classic BPF over `struct seccomp_data` (seccomp(2), bpf(4)). */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, value: number];

/** `struct sock_filter`: u16 code, u8 jt, u8 jf, u32 k. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code, jumpTrue, jumpFalse, value], index) => {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, jumpTrue);
    bytes.setUint8(index * 8 + 3, jumpFalse);
    bytes.setUint32(index * 8 + 4, value >>> 0, true);
  });
  return new Uint8Array(bytes.buffer);
}

/** Instructions for one system call, looking at the low half of an argument; the number is loaded again behind them. */
export function onArgument(number = 0, argument: number, body: readonly Instruction[]): Instruction[] {
  const inner = [loadArgument(argument), ...body, load(numberOffset)];
  return [[jumpIfEqual, 0, inner.length, number], ...inner];
}

/** Loads one half of an argument of 64 bits. */
export function loadArgument(argument: number, half: "low" | "high" = "low"): Instruction {
  return load(argumentsOffset + argument * 8 + (half === "low" ? 0 : 4));
}

export function load(offset: number): Instruction {
  return [loadWord, 0, 0, offset];
}

export function answer(action: number): Instruction {
  return [returnValue, 0, 0, action];
}

export const numberOffset = 0;
export const archOffset = 4;
const argumentsOffset = 16;

/** BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_JMP|JSET|K. */
export const jumpIfEqual = 0x15;
export const jumpIfAtLeast = 0x35;
export const jumpIfAnyBit = 0x45;
/** BPF_ALU|AND|K. */
export const keepBits = 0x54;
/** BPF_LD|W|ABS, BPF_RET|K. */
const loadWord = 0x20;
const returnValue = 0x06;

/** SECCOMP_RET_ALLOW. */
export const allow = 0x7fff_0000;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64: a call by another convention would have other numbers. */
export const auditArch = [0xc000_003e, 0xc000_00b7] as const;
