/** A position in a configuration file, as editors and compilers write it. */
export interface Place {
  /** The file as it was named to us, so that a message repeats the reader's own words. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters (code points), not bytes. */
  readonly column: number;
}

/** `solo.toml:3:5`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The place of a UTF-16 offset in a text. */
export function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { file, line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1 };
}
