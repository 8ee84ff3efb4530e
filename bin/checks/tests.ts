import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Result, runProgram } from "./run.ts";

export interface TestOptions {
  /** For one test, in milliseconds; generous, because machines that run checks are busy. */
  readonly testTimeoutMs: number;
}

/** Files that run at the same time: tests mostly wait for processes that they started. */
const lanes = 2;

/**
 * Runs the tests of a folder under test/, or those of its files whose name holds one of the filters: each file in a process
 * of its own, so that none depends on another, and a few side by side.
 */
export async function runTests(
  folder: string,
  filters: readonly string[],
  { testTimeoutMs }: TestOptions,
): Promise<Result> {
  const files = testFiles(folder, filters);
  if (files.length === 0) {
    console.log(`no test file in test/${folder}${filters.length > 0 ? ` holds ${filters.join(" or ")}` : ""}`);
    return { passed: 0, failed: 1 };
  }
  const waiting = [...files];
  const sum = { passed: 0, failed: 0 };
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { passed, failed } = await runFile(file, testTimeoutMs);
      sum.passed += passed;
      sum.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  console.log(`${files.length} files`);
  return sum;
}

/** What a file's tests print is shown when one fails. */
async function runFile(file: string, testTimeoutMs: number): Promise<Result> {
  const scratch = mkdtempSync(join(tmpdir(), "solo-checks-"));
  try {
    const report = join(scratch, "junit.xml");
    const options = [
      "--only-failures",
      `--timeout=${testTimeoutMs}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
    ];
    const { code, output } = await runProgram(["node_modules/.bin/bun", "test", ...options, file]);
    const result = toResult(code, readReport(report));
    if (result.failed > 0) console.log(`${file}\n${output}`);
    return result;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function testFiles(folder: string, filters: readonly string[]): string[] {
  if (!existsSync(join("test", folder))) return [];
  const files = [...new Bun.Glob("**/*.test.{ts,tsx}").scanSync(join("test", folder))].toSorted();
  const fits = (file: string) => filters.length === 0 || filters.some((filter) => file.includes(filter));
  return files.filter(fits).map((file) => `./${join("test", folder, file)}`);
}

interface Report {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
}

/** A skipped test has proved nothing, so it counts as failed; so does a run that ended badly without a failing test. */
function toResult(code: number, report: Report | undefined): Result {
  if (report === undefined) {
    console.log(`the run broke off: bun test ended with ${code} and left no report`);
    return { passed: 0, failed: 1 };
  }
  const failed = report.failures + report.skipped;
  if (report.skipped > 0) console.log(`${report.skipped} skipped`);
  if (code !== 0 && failed === 0) console.log(`bun test ended with ${code}`);
  return { passed: report.tests - failed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** The sums in the root element of a JUnit report; none when the run broke off before it was written. */
function readReport(path: string): Report | undefined {
  try {
    const root = /<testsuites\b[^>]*>/.exec(readFileSync(path, "utf8"))?.[0] ?? "";
    const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1]);
    const report = { tests: count("tests"), failures: count("failures"), skipped: count("skipped") };
    return Object.values(report).every(Number.isInteger) ? report : undefined;
  } catch {
    return undefined;
  }
}
