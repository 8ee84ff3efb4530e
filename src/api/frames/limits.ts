/** Longest payload of one frame, without its header. A longer message goes as chunks. */
export const maxFrameBytes = 1_048_576;

/** Longest message, joined from its chunks. */
export const maxMessageBytes = 104_857_600;

/** The length in front of each payload: big-endian, without itself. */
export const headerBytes = 4;

/** How deep maps and arrays may lie in one another: decoders are recursive. */
export const maxDepth = 64;
