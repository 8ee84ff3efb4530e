import { SoloError } from "../../../api/error.ts";
import { damaged } from "../header.ts";

/**
 * A raw block of files holds items: type (1 byte), which of the declared folders (1), mode (4), time of the last change in
 * milliseconds (float64), length of the path (2) and of the content (4), path within the folder (UTF-8), content.
 */
export const itemTypes = { folder: 1, file: 2, link: 3, /** More of the file before. */ piece: 4 } as const;
export type ItemType = (typeof itemTypes)[keyof typeof itemTypes];

export interface FileItem {
  readonly type: ItemType;
  readonly folder: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modified: number;
  /** Empty for the declared folder itself. */
  readonly path: string;
  /** Of a file, or where a link leads. */
  readonly content: Uint8Array;
}

const headBytes = 20;

export function itemBytes({ path, content }: Pick<FileItem, "path" | "content">): number {
  return headBytes + Buffer.byteLength(path) + content.length;
}

export function encodeItems(items: readonly FileItem[]): Buffer {
  const buffer = Buffer.allocUnsafeSlow(items.reduce((sum, item) => sum + itemBytes(item), 0));
  let at = 0;
  for (const { type, folder, mode, modified, path, content } of items) {
    const pathBytes = Buffer.byteLength(path);
    if (pathBytes > 0xffff) throw new SoloError("limit_exceeded", `the path ${path.slice(0, 80)}… is too long`);
    buffer[at] = type;
    buffer[at + 1] = folder;
    buffer.writeUInt32LE(mode, at + 2);
    buffer.writeDoubleLE(modified, at + 6);
    buffer.writeUInt16LE(pathBytes, at + 14);
    buffer.writeUInt32LE(content.length, at + 16);
    buffer.write(path, at + headBytes);
    buffer.set(content, at + headBytes + pathBytes);
    at += headBytes + pathBytes + content.length;
  }
  return buffer;
}

/** @throws SoloError `storage_corrupt` for what no capture makes, such as a path that leads out of its folder */
export function* decodeItems(bytes: Uint8Array): Generator<FileItem> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length; ) {
    if (at + headBytes > buffer.length) throw damaged("a file is cut off");
    const type = Object.values(itemTypes).find((one) => one === buffer[at]);
    const pathEnd = at + headBytes + buffer.readUInt16LE(at + 14);
    const end = pathEnd + buffer.readUInt32LE(at + 16);
    if (type === undefined || end > buffer.length) throw damaged("a file says nothing that makes sense");
    const path = buffer.toString("utf8", at + headBytes, pathEnd);
    if (
      path.includes("\0") ||
      path.split("/").some((part) => part === ".." || part === "." || (part === "" && path !== ""))
    ) {
      throw damaged(`the path ${JSON.stringify(path)} is not one within a folder`);
    }
    yield {
      type,
      folder: buffer[at + 1] ?? 0,
      mode: buffer.readUInt32LE(at + 2) & 0o7777,
      modified: buffer.readDoubleLE(at + 6),
      path,
      content: buffer.subarray(pathEnd, end),
    };
    at = end;
  }
}
