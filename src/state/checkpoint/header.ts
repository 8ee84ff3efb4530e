import { SoloError } from "../../api/error.ts";
import { type CheckpointInfo, checkpointInfoSchema } from "./info.ts";

/**
 * The first 4,096 bytes of a checkpoint's file, numbers little-endian: `SOLOCKPT`, format version (4), length of the JSON (4),
 * JSON, zeros, and in the last eight bytes the XXH3-64 of all before. See docs/state.md.
 */
export const headerBytes = 4_096;
const magic = Buffer.from("SOLOCKPT");
export const formatVersion = 1;
const versionAt = 8;
const lengthAt = 12;
const jsonAt = 16;
const checksumAt = headerBytes - 8;

export function encodeHeader(info: CheckpointInfo): Buffer {
  const json = Buffer.from(JSON.stringify(info));
  if (json.length > checksumAt - jsonAt) throw new Error(`the header of checkpoint ${info.id} is too long`);
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(formatVersion, versionAt);
  header.writeUInt32LE(json.length, lengthAt);
  json.copy(header, jsonAt);
  header.writeBigUInt64LE(Bun.hash.xxHash3(header.subarray(0, checksumAt)), checksumAt);
  return header;
}

/** @throws SoloError `storage_corrupt` for anything but a whole header, `data_too_new` for that of a later format */
export function decodeHeader(header: Buffer): CheckpointInfo {
  if (header.length < headerBytes) throw damaged("it is shorter than a header");
  if (!header.subarray(0, magic.length).equals(magic)) throw damaged("it is no checkpoint");
  if (Bun.hash.xxHash3(header.subarray(0, checksumAt)) !== header.readBigUInt64LE(checksumAt)) {
    throw damaged("its header's checksum is wrong");
  }
  const version = header.readUInt32LE(versionAt);
  if (version > formatVersion) {
    throw new SoloError("data_too_new", `the checkpoint has format ${version}, and this Solo knows ${formatVersion}`, {
      hint: "use the version of Solo that wrote it, or a later one",
    });
  }
  const length = header.readUInt32LE(lengthAt);
  const { data } = checkpointInfoSchema.safeParse(
    parse(header.toString("utf8", jsonAt, Math.min(jsonAt + length, checksumAt))),
  );
  if (data === undefined) throw damaged("its header says nothing that makes sense");
  return data;
}

/** What is wrong with a checkpoint's file. */
export function damaged(problem: string): SoloError {
  return new SoloError("storage_corrupt", problem, {
    hint: "`solo checkpoint list` shows the others; `backup_dir` keeps a second copy of each",
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
