import { type Style, styleFor } from "./style.ts";

/** What a rendering may know of where it is shown. */
export interface View {
  readonly style: Style;
  /** Columns of the terminal; infinite where nothing limits a line. */
  readonly width: number;
  /** The present, for relative times. */
  readonly now: number;
}

export async function viewOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): Promise<View> {
  const width = stream.isTTY ? (stream.columns ?? defaultColumns) : Number.POSITIVE_INFINITY;
  return { style: await styleFor(stream), width, now: Date.now() };
}

/** What terminals that don't tell their width have had since the VT100. */
const defaultColumns = 80;
