export { bulkWrite, isBulkWriting } from "./bulk-write.ts";
export { checksum32, checksum64 } from "./checksum.ts";
export type { FileLock, FileSystem, OpenMode, StoreFile } from "./file-system.ts";
export { HugePages, hugeBytes } from "./huge-pages.ts";
export { nodeFileSystem } from "./node-file-system.ts";
export { SyncChoice } from "./sync-choice.ts";
