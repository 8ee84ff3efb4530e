/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  /** File name of the executable, at most 15 bytes; may hold spaces and parentheses. */
  readonly comm: string;
  /** One letter: `R` running, `S` sleeping, `D` in the disk, `T` stopped, `Z` zombie, `X` dead. */
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  /** Clock ticks after boot. With `pid` it names a process for as long as the machine is up. */
  readonly startTime: number;
  readonly utimeTicks: number;
  readonly stimeTicks: number;
  readonly threads: number;
  /** Resident memory in pages. */
  readonly rssPages: number;
}

/** Parses the one line of a stat file; `undefined` if it is not of that form. */
export function parseStat(line: string): ProcessStat | undefined {
  const bytes = Buffer.from(line);
  return parseStatBytes(bytes, bytes.length);
}

/**
 * As {@link parseStat}, from the first bytes of a buffer. It is done for every process once a second, and most of them did
 * nothing meanwhile: the answer is `before` itself when all of it still holds.
 */
export function parseStatBytes(bytes: Buffer, length: number, before?: ProcessStat): ProcessStat | undefined {
  // comm may itself contain ") ", so its end is the last parenthesis of the line.
  const open = bytes.indexOf(parenthesis.open);
  const close = bytes.lastIndexOf(parenthesis.close, length - 1);
  if (open < 0 || close < open || close >= length) return undefined;
  if (readFields(bytes, close + 4, length) < fieldsUntilStart) return undefined;
  const state = bytes[close + 2] ?? 0;
  if (before !== undefined && isStill(before, state) && isNamed(before.comm, bytes, open + 1, close)) return before;
  const pid = Number.parseInt(bytes.toString("latin1", 0, open), 10);
  if (!Number.isInteger(pid)) return undefined;
  return {
    pid,
    comm: bytes.toString("utf8", open + 1, close),
    state: state === 0 ? "" : String.fromCharCode(state),
    ppid: field(4),
    pgid: field(5),
    sid: field(6),
    startTime: field(22),
    utimeTicks: field(14),
    stimeTicks: field(15),
    threads: field(20),
    rssPages: field(24),
  };
}

/** Reads the fields from the fourth on, as far as there are any. Answers with how many there were. */
function readFields(bytes: Uint8Array, start: number, length: number): number {
  fields.fill(Number.NaN);
  let at = start;
  for (let index = 0; index < fields.length; index++) {
    const isNegative = bytes[at] === minus;
    if (isNegative) at++;
    let value = 0;
    const from = at;
    for (; at < length; at++) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === from) return index;
    fields[index] = isNegative ? -value : value;
    at++;
  }
  return fields.length;
}

/** The fields read last, by their numbers in proc_pid_stat(5). */
function field(number: number): number {
  return fields[number - firstField] ?? Number.NaN;
}

function isStill(before: ProcessStat, state: number): boolean {
  return (
    before.startTime === field(22) &&
    before.utimeTicks === field(14) &&
    before.stimeTicks === field(15) &&
    before.rssPages === field(24) &&
    before.ppid === field(4) &&
    before.pgid === field(5) &&
    before.sid === field(6) &&
    before.threads === field(20) &&
    before.state.charCodeAt(0) === state
  );
}

function isNamed(comm: string, bytes: Uint8Array, from: number, end: number): boolean {
  if (comm.length !== end - from) return false;
  for (let index = 0; index < comm.length; index++) {
    if (comm.charCodeAt(index) !== bytes[from + index]) return false;
  }
  return true;
}

const parenthesis = { open: 0x28, close: 0x29 } as const;
const zero = 0x30;
const minus = 0x2d;
const firstField = 4;
/** Up to the start time: a line with fewer is none. */
const fieldsUntilStart = 22 - firstField + 1;
/** Fields 4 to 24, of one line at a time. */
const fields = new Float64Array(24 - firstField + 1);
