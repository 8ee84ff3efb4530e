export { captureFolders, type FilesBlock, fingerprint } from "./capture.ts";
export { extractFolders } from "./extract.ts";
export { finishSwaps, type Swap, swapFolders } from "./swap.ts";
