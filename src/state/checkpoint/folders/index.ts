export { captureFolders, type FilesBlock, fingerprint, present } from "./capture.ts";
export { extractFolders } from "./extract.ts";
export { type Frozen, freezeFolders } from "./freeze.ts";
export { finishSwaps, type Swap, swapFolders } from "./swap.ts";
