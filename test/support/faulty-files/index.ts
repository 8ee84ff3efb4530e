export { FaultyFileSystem, PowerLoss } from "./faulty-file-system.ts";
