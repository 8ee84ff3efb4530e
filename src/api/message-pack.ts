import { Packr } from "msgpackr/pack";

/**
 * MessagePack in its plain form, which every implementation reads: no records, no structures, no extensions but the
 * timestamp. The subpath is the library's pure form; its native add-on would be there or not with the machine.
 */
const packr = Object.assign(
  new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true, copyBuffers: true }),
  // A number wherever it is exact, a bigint beyond; the library's types leave this value out.
  { int64AsType: "auto" },
);

/** @throws what the library says of a value that has no MessagePack form, such as a function */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** Only for bytes that a {@link PayloadScanner} let pass, or that this side packed: the library trusts lengths. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}
