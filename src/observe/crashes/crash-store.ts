import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type CrashDocument, crashSchema, type ServiceRef } from "../../api/index.ts";
import { writeFileAtomic } from "../../system/index.ts";

/** Reports kept of a service; the oldest are removed first. */
const keptReports = 20;

/** Crash reports, a small file each, in a folder of their service's own. */
export class CrashStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a report. Throws the system's error when it can't. */
  add(report: CrashDocument): void {
    const folder = this.folderOf({ tenant: report.tenant, name: report.service });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Names sort by time; two of a millisecond differ in their instance.
    const name = `${report.time.replaceAll(/[^0-9]/g, "")}-${report.instance}.json`;
    writeFileAtomic(join(folder, name), `${JSON.stringify(report)}\n`);
    for (const old of namesIn(folder).slice(0, -keptReports)) rmSync(join(folder, old), { force: true });
  }

  /** Of a service, the latest first. A file that is no report is passed over. */
  list(ref: ServiceRef): CrashDocument[] {
    const folder = this.folderOf(ref);
    return namesIn(folder)
      .toReversed()
      .flatMap((name) => {
        const report = read(join(folder, name));
        return report === undefined ? [] : [report];
      });
  }

  folderOf({ tenant, name }: ServiceRef): string {
    return join(this.#folder, tenant, name);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+-.+\.json$/.test(name))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function read(path: string): CrashDocument | undefined {
  try {
    return crashSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
