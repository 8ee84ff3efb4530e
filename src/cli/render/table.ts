import type { View } from "../view.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: "right";
  /** Colours a value after it was padded. */
  readonly paint?: (text: string, row: Row) => string;
  /** Gives up width when the terminal is too narrow; the others never do. */
  readonly shrinks?: boolean;
  /** Narrower it says nothing, and is left out instead. Columns that shrink otherwise do so down to eight. */
  readonly least?: number;
  /** Left out when no row has a value. */
  readonly optional?: boolean;
  /** Left out when the terminal is too narrow for everything, the highest number first. */
  readonly leaves?: number;
}

/** Rows under a heading, in columns as wide as their content. Lines never end in spaces. */
export function renderTable<Row>(rows: readonly Row[], wanted: readonly Column<Row>[], view: View): string {
  const filled = wanted.filter(({ optional, value }) => !optional || rows.some((row) => value(row) !== ""));
  const columns = chooseColumns(rows, filled, view.width);
  const cells = rows.map((row) => columns.map(({ value }) => value(row)));
  const widths = fit(
    columns.map(({ title }, index) => Math.max(width(title), ...cells.map((row) => width(row[index] ?? "")))),
    columns.map(({ shrinks, least = minimumWidth }) => (shrinks ? least : Number.POSITIVE_INFINITY)),
    view.width,
  );
  const heading = columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.align)).join(gap);
  const lines = rows.map((row, rowIndex) =>
    columns
      .map((column, index) => {
        const text = pad(cells[rowIndex]?.[index] ?? "", widths[index] ?? 0, column.align);
        return column.paint ? column.paint(text, row) : text;
      })
      .join(gap)
      .trimEnd(),
  );
  return [view.style.dim(heading.trimEnd()), ...lines].join("\n");
}

function chooseColumns<Row>(rows: readonly Row[], columns: readonly Column<Row>[], available: number): Column<Row>[] {
  const gaps = gap.length * (columns.length - 1);
  const full = columns.map(({ title, value }) => Math.max(width(title), ...rows.map((row) => width(value(row)))));
  const needed = full.reduce((sum, one) => sum + one, gaps);
  const leaving = columns
    .filter(({ leaves }) => leaves !== undefined)
    .toSorted((one, other) => (other.leaves ?? 0) - (one.leaves ?? 0));
  const shrunk = columns.reduce((sum, { shrinks, least = minimumWidth }, index) => {
    const one = full[index] ?? 0;
    return sum + (shrinks ? Math.min(one, least) : one);
  }, gaps);
  const useless = shrunk > available ? columns.find(({ least }) => least !== undefined) : undefined;
  const first = leaving[0] ?? useless;
  if (needed <= available || first === undefined) return [...columns];
  return chooseColumns(
    rows,
    columns.filter((column) => column !== first),
    available,
  );
}

/** Takes what is too much from the columns that may shrink, the widest first. */
function fit(wanted: readonly number[], least: readonly number[], available: number): number[] {
  const widths = [...wanted];
  const total = () => widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1);
  while (total() > available) {
    const candidates = widths.map((one, index) => (one > (least[index] ?? minimumWidth) ? one : 0));
    const widest = Math.max(...candidates);
    if (widest === 0) break;
    const index = candidates.indexOf(widest);
    widths[index] = widest - 1;
  }
  return widths;
}

function pad(text: string, columns: number, align?: "right"): string {
  const shown = cut(text, columns);
  const space = " ".repeat(Math.max(0, columns - width(shown)));
  return align === "right" ? space + shown : shown + space;
}

/** The text in at most so many columns, with an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let result = "";
  for (const character of text) {
    if (width(result + character) > columns - 1) break;
    result += character;
  }
  return `${result}…`;
}

const width = (text: string) => Bun.stringWidth(text);
const gap = "  ";
const minimumWidth = 8;
