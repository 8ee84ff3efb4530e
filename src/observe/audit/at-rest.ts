import { nodeFileSystem as files } from "../../store/file/index.ts";
import { readHead } from "./head-file.ts";
import { linesOf } from "./lines.ts";
import { type AuditRequest, readTrail } from "./read.ts";
import { type AuditLine, type ChainPoint, genesis } from "./record.ts";
import { listSegments } from "./segments.ts";
import { type AuditCheck, headLine, verifyExport, verifySegments } from "./verify.ts";

/** A trail's files while no kernel writes to them. Changes nothing. */
export interface TrailAtRest {
  read(request: AuditRequest): AsyncGenerator<AuditLine>;
  export(): AsyncGenerator<string>;
  verify(marks: readonly ChainPoint[]): Promise<AuditCheck & { readonly head: ChainPoint | null }>;
}

/** @see TrailOptions for the paths */
export function auditAtRest(folder: string, headPath: string): TrailAtRest {
  const source = { files, folder, until: () => undefined, point: () => readHead(files, headPath) };
  return {
    read: (request) => readTrail(source, request),
    async *export() {
      for await (const { text } of readTrail(source, {})) yield text;
      yield headLine(source.point() ?? genesis);
    },
    async verify(marks) {
      const segments = listSegments(files, folder);
      const head = source.point();
      const check = await verifySegments(files, { segments, marks: head === undefined ? marks : [head, ...marks] });
      if (head !== undefined || segments.length === 0) {
        return { ...check, head: head === undefined ? null : { sequence: head.sequence, hash: head.hash } };
      }
      const problem = "the head of the chain is missing: nobody can tell whether records were cut off";
      const problems = [...check.problems, { sequence: null, file: headPath, problem }];
      return { ...check, state: "damaged", problems, head: null };
    },
  };
}

/**
 * Checks an export. Its head is what the file itself says: whoever kept another one elsewhere passes it as a mark.
 * @throws the operating system's error when the file can't be read
 */
export function verifyAuditExport(path: string, marks: readonly ChainPoint[]): AuditCheck {
  return verifyExport(linesOf(files, path), marks);
}
