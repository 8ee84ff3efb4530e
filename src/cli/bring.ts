import { basename } from "node:path";
import { type SoloApi, SoloError } from "../api/index.ts";
import { maxUploadBytes } from "../api/upload-limit.ts";
import type { Session } from "./session.ts";

export interface FileToBring {
  /** Its name there, see {@link fileNameOf}. */
  readonly file: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/**
 * Brings a file to the kernel's machine; what is there already is not kept twice.
 * @returns its path there, under which it is kept for an hour, and for as long as a revision needs it
 * @throws SoloError `too_large`
 */
export async function bring(
  { file, content, executable }: FileToBring,
  kernel: Pick<SoloApi, "upload">,
  { tenant }: Pick<Session, "tenant">,
): Promise<string> {
  if (content.byteLength > maxUploadBytes) {
    throw new SoloError(
      "too_large",
      `${file} has ${content.byteLength} bytes; up to ${maxUploadBytes} can be brought`,
      {
        hint: "bring it to the kernel's machine in another way, and name its absolute path there",
      },
    );
  }
  const { path } = await kernel.upload({ tenant, file, content: Buffer.from(content).toString("base64"), executable });
  return path;
}

/** @throws SoloError `file_not_found` */
export async function contentOf(path: string): Promise<Uint8Array> {
  try {
    return await Bun.file(path).bytes();
  } catch (cause) {
    throw new SoloError("file_not_found", `can't read ${path}`, { cause });
  }
}

/** A file's own name, of the characters that one there may have. */
export function fileNameOf(path: string): string {
  const name = basename(path)
    .replaceAll(/[^A-Za-z0-9_.-]/g, "_")
    .slice(0, longestName);
  return /^[A-Za-z0-9_]/.test(name) ? name : `_${name}`;
}

const longestName = 120;
