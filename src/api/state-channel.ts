/**
 * What a host and its kernel agree on about `state.sock`, without schemas: a host must not pay for a validator.
 *
 * Frames are those of `api/frames`. The payload of each is an array of messages, as many as came together in one turn:
 * - host to kernel: `[sequence, operation, input, write]`, the first one `[0, "hello", hello, 0]`. `write` numbers the
 *   requests that change something, from 1 on; 0 for others. A request that was not answered is sent again on the next
 *   connection with the same numbers, and is applied once.
 * - kernel to host: `[sequence, error, output]` where `error` is null or `[code, message, hint, applied, details]`; a
 *   negative sequence is the number of a watch, and `output` then the list of its changes.
 */
export const stateChannelFormat = 1;

/** Longest payload of a frame: the largest value and its request fit. */
export const maxStateFrameBytes = 4 * 2 ** 20;

/** Longest key of a state, in bytes of UTF-8. */
export const maxStateKeyBytes = 4_096;

/** A sender ends a frame at about this size. */
export const stateFrameBytes = 256 * 2 ** 10;

/** Requests that a host may have unanswered; one that sends more is disconnected. */
export const maxStateRequests = 4_096;

/**
 * Writes whose answers the kernel remembers for each host. A host sends none while the one so many before is unanswered, so
 * that what it may have to repeat is always remembered.
 */
export const replyWindow = 1_024;

/** Watches of one host. */
export const maxWatches = 64;

/** What a write may ask for; absent: the own durability of the service. */
export const writeDurabilities = ["sync", "async", "checkpoint"] as const;
export type WriteDurability = (typeof writeDurabilities)[number];

/** The socket's name, beside the control socket. */
export const stateSocketName = "state.sock";
