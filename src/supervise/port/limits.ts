/** Programs take so long to say something after their start, on a busy machine. */
export const startMs = 1_000;
/** An agent that logs one operation after the other sends the next one soon after it knows of the last. */
export const afterEntryMs = 20;
/** Few frames for a process that waits for nothing else. */
export const restoreFrameBytes = 262_144;
/** An adopted agent answers like one that beats. */
export const handshakeMs = 5_000;
/** While so much waits for an agent, it is told no more errors … */
export const mostErrorBytes = 65_536;
/** … and while so much does, it is asked nothing more. */
export const mostWaitingBytes = 16_777_216;
/** Longest message that is not a checkpoint. */
export const maxPlainBytes = 10_485_760;
