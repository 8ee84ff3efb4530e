import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { Pm2 } from "./support/pm2.ts";
import { peerRow } from "./support/row.ts";
import { inPairs } from "./support/timed.ts";

/** With their 62 bytes and Solo's 47 of time, instance and stream they stay below a service's budget of 64 MB. */
const lines = 400_000;
const lookMs = 2;
const deadlineMs = 60_000;

/** A line that tells its number, so that every one can be accounted for. */
const line = `\`line \${String(i).padStart(7, "0")} ${"x".repeat(48)}\``;
const linesPerBlock = 1_000;

/** Notes when it begins, writes its lines, and stays. `step` writes line `i`, or takes it into `block`. */
const noisy = (mark: string, step: string) => `
const fs = require("node:fs");
let block = "";
const write = (text) => {
  for (let bytes = Buffer.from(text); bytes.length > 0; ) bytes = bytes.subarray(fs.writeSync(1, bytes));
};
fs.writeFileSync(${JSON.stringify(mark)}, String(Date.now()));
for (let i = 1; i <= ${lines}; i++) { ${step} }
setInterval(() => {}, 1e6);
`;

const ways = [
  { name: "console.log", step: `console.log(${line});`, wanted: 10 },
  { name: "one write for each line", step: `write(${line} + "\\n");`, wanted: undefined },
  {
    name: `one write for ${linesPerBlock} lines`,
    step: `block += ${line} + "\\n"; if (i % ${linesPerBlock} === 0) { write(block); block = ""; }`,
    wanted: undefined,
  },
] as const;

export const logs: Bench = {
  name: "logs",
  summary: `One service that prints ${lines} numbered lines as fast as it can, in JavaScript that both run unchanged: from its first line to the moment when the last one is on disk. Every line is then looked for. PM2 keeps the bytes as they come; Solo keeps time, instance and stream with each line. The last rows are the limits: the same program with nothing behind it but a file, and with nobody at all who takes its lines.`,
  peers: ["pm2"],
  async run({ quick, note }) {
    await using env = soloEnv();
    await using pm2 = new Pm2();
    await solo(env, "start");
    const rows = [];
    const pm2Rates: number[] = [];
    for (const way of ways) {
      note(`pairs with pm2: ${way.name}`);
      const [ours, theirs] = await inPairs(
        quick ? 1 : 5,
        (run) => soloRate(env, `noisy-${ways.indexOf(way)}-${run}`, way.step),
        (run) => pm2Rate(env, pm2, `noisy-${ways.indexOf(way)}-${run}`, way.step),
      );
      const measure = { name: `log intake, ${way.name}`, unit: "lines/s", better: "higher" } as const;
      if (way.name === "console.log") pm2Rates.push(...theirs);
      const peer = { name: "pm2", values: theirs };
      rows.push(peerRow(measure, ours, way.wanted === undefined ? peer : { ...peer, wanted: way.wanted }));
    }
    note("pairs with cat: console.log");
    const [way] = ways;
    const [ours, alone] = await inPairs(
      quick ? 1 : 5,
      (run) => soloRate(env, `beside-cat-${run}`, way.step),
      (run) => catRate(env, `cat-${run}`, way.step),
    );
    const measure = { name: "log intake, console.log", unit: "lines/s", better: "higher" } as const;
    rows.push(peerRow(measure, ours, { name: "bun FILE | cat > LOG", values: alone }));
    const unheard = [];
    for (const _ of pm2Rates) unheard.push(await unheardRate(env, way.step));
    const limit = { ...measure, name: "console.log to /dev/null, taken in by nobody" };
    rows.push(peerRow(limit, unheard, { name: "pm2", values: pm2Rates }));
    return rows;
  },
};

async function soloRate(env: SoloEnv, name: string, step: string): Promise<number> {
  const marks = join(env.root, "marks");
  mkdirSync(marks, { recursive: true });
  const mark = join(marks, `${name}.mark`);
  await solo(env, "deploy", env.write(`${name}.js`, noisy(mark, step)), name, "--no-wait", "--allow-write", marks);
  const folder = join(env.dataDir, "logs", "default", name);
  const rate = await rateOf(mark, () =>
    existsSync(folder)
      ? readdirSync(folder)
          .toSorted()
          .map((file) => join(folder, file))
      : [],
  );
  await solo(env, "kill", name, "--force");
  return rate;
}

async function pm2Rate(env: SoloEnv, pm2: Pm2, name: string, step: string): Promise<number> {
  const folder = join(pm2.home, name);
  mkdirSync(folder);
  const mark = join(folder, "mark");
  const file = join(folder, "out.log");
  await pm2.run("start", env.write(`pm2-${name}.js`, noisy(mark, step)), "--name", name, "--output", file);
  const rate = await rateOf(mark, () => (existsSync(file) ? [file] : []));
  await pm2.run("delete", name);
  rmSync(folder, { recursive: true });
  return rate;
}

/** What the program itself can write, a write(2) for each line, when nobody looks at what it writes. */
async function catRate(env: SoloEnv, name: string, step: string): Promise<number> {
  const mark = join(env.root, `${name}.mark`);
  const file = join(env.root, `${name}.log`);
  const program = env.write(`${name}.js`, noisy(mark, step).replace(/setInterval.*/, ""));
  const child = Bun.spawn(["sh", "-c", '"$0" "$1" | cat > "$2"', process.execPath, program, file]);
  await child.exited;
  return rateOf(mark, () => [file]);
}

/** What the program can write, a write(2) for each line, when that costs as little as it can. */
async function unheardRate(env: SoloEnv, step: string): Promise<number> {
  const mark = join(env.root, "unheard.mark");
  const done = `fs.writeFileSync(${JSON.stringify(`${mark}.end`)}, String(Date.now()));`;
  const program = env.write("unheard.js", noisy(mark, step).replace(/setInterval.*/, done));
  await Bun.spawn([process.execPath, program], { stdout: Bun.file("/dev/null") }).exited;
  const [begin, end] = [mark, `${mark}.end`].map((file) => Number(readFileSync(file, "utf8")));
  return lines / (((end ?? 0) - (begin ?? 0)) / 1_000);
}

/** Lines per second, once the last one is seen. @throws when a line is missing, or there twice */
async function rateOf(mark: string, files: () => string[]): Promise<number> {
  const last = `line ${String(lines).padStart(7, "0")} `;
  const deadline = performance.now() + deadlineMs;
  while (!files().some((file) => endOf(file).includes(last))) {
    if (performance.now() > deadline) throw new Error(`the last line is not there after ${deadlineMs} ms`);
    await Bun.sleep(lookMs);
  }
  const took = Date.now() - Number(readFileSync(mark, "utf8"));
  const text = files().map((file) => readFileSync(file, "latin1"));
  const kept = wholeLines(text.join("")).match(/line \d{7} x{48}/g) ?? [];
  if (kept.length !== lines || new Set(kept).size !== lines) {
    throw new Error(`${mark}: ${new Set(kept).size} of ${lines} lines were kept, ${kept.length} with repetitions`);
  }
  return lines / (took / 1_000);
}

/** A line that reached Solo in pieces is kept in records of its own: P for every piece but the last, E for that one. */
function wholeLines(text: string): string {
  return text.replaceAll(/(?<= stdout P .*)\n\S+ \S+ stdout [PE] /g, "");
}

function endOf(file: string): string {
  const size = statSync(file).size;
  const bytes = Buffer.alloc(Math.min(size, 400));
  const fd = openSync(file, "r");
  readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  closeSync(fd);
  return bytes.toString("latin1");
}
