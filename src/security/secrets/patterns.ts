/** Shorter values are not looked for: they would be found everywhere. Bytes. */
export const shortestRedacted = 6;
/** A value beyond this is looked for piece by piece, so that little of a program's output waits for its end. */
const longestWhole = 1_024;
const pieceBytes = 256;
/** Lines of a value, such as a PEM file's, that are looked for by themselves. */
const shortestLine = 16;

/** The forms in which a value is looked for. */
export interface Forms {
  /** As it is, and each long line of it. */
  readonly plain: readonly Buffer[];
  /**
   * As text in JSON, URL-encoded, in hexadecimal, in base64 and base64url, alone or within something longer that is encoded
   * (at any of the three offsets).
   */
  readonly encoded: readonly Buffer[];
}

export function formsOf(value: Uint8Array): Forms {
  const bytes = trimmed(Buffer.from(value));
  if (bytes.length < shortestRedacted) return { plain: [], encoded: [] };
  const pieces = bytes.length <= longestWhole ? [bytes] : cut(bytes);
  const plain = distinct([...pieces, ...linesOf(bytes)]);
  const known = new Set(plain.map((form) => form.toString("latin1")));
  const encoded = distinct(pieces.flatMap(encodedForms)).filter((form) => !known.has(form.toString("latin1")));
  return { plain, encoded };
}

function distinct(forms: readonly Buffer[]): Buffer[] {
  const unique = new Map(forms.map((form) => [form.toString("latin1"), form]));
  return [...unique.values()].filter(({ length }) => length >= shortestRedacted);
}

function encodedForms(bytes: Buffer): Buffer[] {
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text).equals(bytes);
  const hexadecimal = bytes.toString("hex");
  const forms = isText ? [JSON.stringify(text).slice(1, -1), ...urlEncoded(text)] : [];
  const base64 = [0, 1, 2].flatMap((before) => base64Core(bytes, before));
  return [...forms, hexadecimal, hexadecimal.toUpperCase(), ...base64].map((form) => Buffer.from(form));
}

function urlEncoded(text: string): string[] {
  const strict = encodeURIComponent(text);
  const stricter = strict.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (form: string) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const forms = [strict, stricter, stricter.replaceAll("%20", "+"), encodeURI(text)];
  return [...forms, ...forms.map(lower)];
}

/** The characters that stand for nothing but these bytes, when so many others (0 to 2) come before them in their group of three. */
function base64Core(bytes: Buffer, before: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  const core = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
}

/** Without the framing of PEM files, which is no secret. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.length === 1) return [];
  return lines
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line.length >= shortestLine && !line.startsWith("-----"))
    .map((line) => Buffer.from(line, "latin1"));
}

function cut(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    // The last one reaches back, so that none is too short.
    const start = Math.min(from, bytes.length - pieceBytes);
    pieces.push(bytes.subarray(start, start + pieceBytes));
  }
  return pieces;
}

/** A newline at the end is an editor's more often than it is part of a secret. */
function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}
