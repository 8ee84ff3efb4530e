export { StoreError, type StoreErrorCode } from "./error.ts";
export { type FileSystem, nodeFileSystem, type StoreFile } from "./file/index.ts";
