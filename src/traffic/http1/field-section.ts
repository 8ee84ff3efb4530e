import { COLON, CR, classes, LF, SP, TAB, TOKEN, VALUE } from "./bytes.ts";
import { badMessage, type Fault, INCOMPLETE, REFUSED } from "./fault.ts";
import { decidesFraming, Field, type FieldId, fieldId } from "./field-names.ts";
import type { Scratch } from "./scratch.ts";

/** Who decides on the fields that aren't ordinary. */
export interface FieldSink {
  fault: Fault | null;
  /** Names, in lower case, of ordinary fields to drop: those that `Connection` lists. */
  readonly dropped: ReadonlySet<string> | null;
  /** Whether the field is copied. Setting `fault` refuses the message. */
  field(id: FieldId, src: Buffer, start: number, end: number): boolean;
}

const bareLf = badMessage("a line ends with LF alone");
const bareCr = badMessage("a CR is not followed by LF");
const foldedLine = badMessage("a field line starts with whitespace");
const badName = badMessage("a field name holds an invalid character");
const badValue = badMessage("a field value holds a control character");
const ambiguousName = badMessage("a framing field is spelled with an underscore");
const tooManyFields: Fault = { status: 431, reason: "too many fields" };

/**
 * Reads the field lines in `src[start, end)` up to and with the empty line, and appends those to keep to `out` in
 * canonical form (`name: value CRLF`, without the empty line). Strict: RFC 9112 §5 with none of its leniences.
 *
 * @returns the offset behind the empty line, `INCOMPLETE`, or `REFUSED` with `sink.fault` set
 */
export function readFields(
  src: Buffer,
  start: number,
  end: number,
  out: Scratch,
  sink: FieldSink,
  maxFields: number,
): number {
  const target = out.bytes;
  let at = start;
  let to = out.length;
  for (let count = 0; ; count++) {
    if (at >= end) return INCOMPLETE;
    if (src[at] === CR) {
      if (at + 1 >= end) return INCOMPLETE;
      if (src[at + 1] !== LF) return refuse(sink, bareCr);
      out.length = to;
      return at + 2;
    }
    if (count === maxFields) return refuse(sink, tooManyFields);

    const line = to;
    const name = at;
    let byte = 0;
    while (at < end && ((classes[(byte = src[at] ?? 0)] ?? 0) & TOKEN) !== 0) {
      target[to++] = byte;
      at++;
    }
    if (at >= end) return INCOMPLETE;
    if (byte !== COLON || at === name) return refuse(sink, nameFault(byte, at === name));
    const nameEnd = at++;
    target[to++] = COLON;
    target[to++] = SP;

    while (at < end && ((byte = src[at] ?? 0) === SP || byte === TAB)) at++;
    const value = at;
    while (at < end && ((classes[(byte = src[at] ?? 0)] ?? 0) & VALUE) !== 0) {
      target[to++] = byte;
      at++;
    }
    if (at >= end) return INCOMPLETE;
    if (byte !== CR) return refuse(sink, byte === LF ? bareLf : badValue);
    if (at + 1 >= end) return INCOMPLETE;
    if (src[at + 1] !== LF) return refuse(sink, bareCr);
    let valueEnd = at;
    while (valueEnd > value && ((byte = src[valueEnd - 1] ?? 0) === SP || byte === TAB)) {
      valueEnd--;
      to--;
    }
    target[to++] = CR;
    target[to++] = LF;
    at += 2;

    const id = fieldId(src, name, nameEnd);
    if (id !== Field.ordinary) {
      if (decidesFraming(id) && hasUnderscore(src, name, nameEnd)) return refuse(sink, ambiguousName);
      if (!sink.field(id, src, value, valueEnd)) to = line;
      if (sink.fault !== null) return REFUSED;
    } else if (sink.dropped?.has(src.toString("latin1", name, nameEnd).toLowerCase())) {
      to = line;
    }
  }
}

function refuse(sink: FieldSink, fault: Fault): number {
  sink.fault = fault;
  return REFUSED;
}

function nameFault(byte: number, first: boolean): Fault {
  if (byte === LF) return bareLf;
  return first && (byte === SP || byte === TAB) ? foldedLine : badName;
}

function hasUnderscore(src: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (src[i] === 0x5f) return true;
  return false;
}
