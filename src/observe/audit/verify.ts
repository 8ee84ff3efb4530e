import type { FileSystem } from "../../store/file/index.ts";
import type { FileLine } from "./lines.ts";
import { linesAtOnce, linesOf, otherWork } from "./lines.ts";
import { type ChainPoint, follows, genesis, parseLine } from "./record.ts";
import type { Segment } from "./segments.ts";

/** What is wrong with a trail, and where. */
export interface AuditProblem {
  /** The record that is concerned, as far as it is known. */
  readonly sequence: number | null;
  readonly file: string | null;
  readonly problem: string;
}

export interface AuditCheck {
  /**
   * `sound`: every record is as it was written. `torn`: so is every acknowledged one, and behind them lie bytes that a crash
   * left. `damaged`: something was changed, removed, moved or cut off.
   */
  readonly state: "sound" | "torn" | "damaged";
  readonly records: number;
  /** Of the oldest record there is; older ones were dropped with the byte budget's knowledge. Null without records. */
  readonly first_sequence: number | null;
  readonly last_sequence: number | null;
  /** Hash of the last record: whoever keeps it elsewhere can tell later whether this much is still there. */
  readonly last_hash: string | null;
  readonly problems: readonly AuditProblem[];
}

/** Enough to see the extent; a file of rubbish has a problem in every line. */
const maxProblems = 100;

/** Follows a chain record by record and collects what breaks it. */
class ChainCheck {
  readonly #problems: AuditProblem[] = [];
  readonly #marks: readonly ChainPoint[];
  readonly #met = new Set<ChainPoint>();
  #first: ChainPoint | undefined;
  #last: ChainPoint | undefined;
  #records = 0;
  #torn = false;
  /** The oldest record that must be there, by what the trail says it dropped. */
  #kept: ChainPoint = { sequence: 1, hash: genesis.hash };

  /** @param marks records known from elsewhere, which must be in the chain: the head, and hashes that somebody kept */
  constructor(marks: readonly ChainPoint[]) {
    this.#marks = marks.filter(({ sequence }) => sequence > 0);
  }

  problem(problem: string, sequence: number | null, file: string | null): void {
    if (this.#problems.length < maxProblems) this.#problems.push({ sequence, file, problem });
  }

  tear(): void {
    this.#torn = true;
  }

  /** The next line, and whether a file begins with it. */
  line(text: string, file: string | null, begins: boolean): void {
    const line = parseLine(text);
    const expected = this.#last === undefined ? null : this.#last.sequence + 1;
    if (line === undefined) {
      this.problem("it is no record", expected, file);
      return;
    }
    const { kind, previous, first } = line.fields;
    if (begins !== (kind === "segment") && (begins || this.#last === undefined)) {
      this.problem("the file does not begin as a segment does", line.sequence, file);
    }
    const before = this.#last ?? { sequence: line.sequence - 1, hash: typeof previous === "string" ? previous : "" };
    if (!follows(before, line)) this.problem(breakOf(before, line.sequence), line.sequence, file);
    if (kind === "damage") this.problem(`noted at a start: ${String(line.fields.reason)}`, line.sequence, file);
    if (
      kind === "dropped" &&
      typeof first === "number" &&
      typeof previous === "string" &&
      first > this.#kept.sequence
    ) {
      this.#kept = { sequence: first, hash: previous };
    }
    this.#first ??= { sequence: line.sequence, hash: before.hash };
    this.#last = line;
    this.#records += 1;
    for (const mark of this.#marks) {
      if (mark.sequence !== line.sequence || this.#met.has(mark)) continue;
      this.#met.add(mark);
      if (mark.hash !== line.hash) this.problem("it is not the record that was known", line.sequence, file);
    }
  }

  end(): AuditCheck {
    const { sequence, hash } = this.#first ?? { sequence: 1, hash: genesis.hash };
    if (sequence > this.#kept.sequence) {
      this.problem(`records ${this.#kept.sequence} to ${sequence - 1} are missing`, this.#kept.sequence, null);
    } else if (sequence === this.#kept.sequence && hash !== this.#kept.hash) {
      this.problem("the oldest record does not follow what was before it", sequence, null);
    } else if (sequence === 1 && hash !== genesis.hash) {
      this.problem("the first record names one before it", sequence, null);
    }
    const last = this.#last?.sequence ?? 0;
    for (const mark of this.#marks) {
      if (mark.sequence > last) this.problem(`records ${last + 1} to ${mark.sequence} are missing`, last + 1, null);
      // One that was dropped by the budget can't be looked at any more.
      else if (!this.#met.has(mark) && mark.sequence >= sequence) {
        this.problem("the record that was known is missing", mark.sequence, null);
      }
    }
    return {
      state: this.#problems.length > 0 ? "damaged" : this.#torn ? "torn" : "sound",
      records: this.#records,
      first_sequence: this.#first === undefined ? null : sequence,
      last_sequence: this.#last?.sequence ?? null,
      last_hash: this.#last?.hash ?? null,
      problems: this.#problems,
    };
  }
}

export interface VerifyOptions {
  readonly segments: readonly Segment[];
  readonly marks: readonly ChainPoint[];
  /** Where to stop in a segment that is being written to. */
  readonly until?: { readonly segment: number; readonly end: number } | undefined;
}

/** Checks the files of a trail. Changes nothing; gives way to other work now and then. */
export async function verifySegments(files: FileSystem, options: VerifyOptions): Promise<AuditCheck> {
  const { segments, marks, until } = options;
  const check = new ChainCheck(marks);
  const relevant = segments.filter(({ first }) => until === undefined || first <= until.segment);
  for (const [index, segment] of relevant.entries()) {
    const to = segment.first === until?.segment ? until.end : undefined;
    const isLast = index === relevant.length - 1;
    let begins = true;
    let count = 0;
    for (const line of linesOf(files, segment.path, 0, to)) {
      if (++count % linesAtOnce === 0) await otherWork();
      if (line.rest !== undefined) checkRest(check, line, segment.path, isLast);
      else check.line(line.text, segment.path, begins);
      begins = false;
    }
  }
  return check.end();
}

/** Checks an exported trail: its records, and the head as the last line. */
export function verifyExport(lines: Iterable<FileLine>, marks: readonly ChainPoint[]): AuditCheck {
  let held: string | undefined;
  const texts: string[] = [];
  for (const line of lines) {
    if (held !== undefined) texts.push(held);
    held = line.text;
  }
  const head = held === undefined ? undefined : parseHead(held);
  const check = new ChainCheck(head === undefined ? marks : [...marks, head]);
  if (head === undefined && held !== undefined) texts.push(held);
  for (const [index, text] of texts.entries()) check.line(text, null, index === 0);
  if (head === undefined) check.problem("the export has no head: its end was cut off", null, null);
  return check.end();
}

/** The last line of an export. */
export function headLine({ sequence, hash }: ChainPoint): string {
  return JSON.stringify({ head: { sequence, hash } });
}

function parseHead(text: string): ChainPoint | undefined {
  const match = /^\{"head":\{"sequence":(\d{1,15}),"hash":"([0-9a-f]{64})"\}\}$/.exec(text);
  return match === null ? undefined : { sequence: Number(match[1]), hash: match[2] ?? "" };
}

/** Only the last file may have room behind its records, and only there may a crash have torn something. */
function checkRest(check: ChainCheck, { rest }: FileLine, path: string, isLast: boolean): void {
  if (isLast && rest === "torn") check.tear();
  else if (!isLast) check.problem("bytes follow its last record", null, path);
}

function breakOf(before: ChainPoint, sequence: number): string {
  if (sequence === before.sequence + 1) return "it was changed, or it does not follow the record before";
  if (sequence > before.sequence + 1) return `records ${before.sequence + 1} to ${sequence - 1} are missing`;
  return `it stands behind record ${before.sequence}`;
}
