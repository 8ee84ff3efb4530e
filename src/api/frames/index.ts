export { type ChunkOptions, toFrame, toFrames } from "./chunks.ts";
export { decodeMessage } from "./decode.ts";
export { readText } from "./fields.ts";
export { FrameSplitter } from "./frame-splitter.ts";
export { maxFrameBytes } from "./limits.ts";
export { MessageReader, type MessageSink, type RawMessage, type ReaderOptions } from "./message-reader.ts";
export { PayloadScanner } from "./payload-scanner.ts";
export { FrameRefusal, type RefusalReason } from "./refusal.ts";
