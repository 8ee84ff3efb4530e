/** Why a message was refused: the status that a client gets for its request, and the reason in words. */
export interface Fault {
  readonly status: 400 | 414 | 417 | 431 | 405 | 505;
  readonly reason: string;
}

/** What parsers return in place of an offset: more bytes are needed. */
export const INCOMPLETE = -1;
/** What parsers return in place of an offset: the message is refused, and the parser's `fault` says why. */
export const REFUSED = -2;

export function badMessage(reason: string): Fault {
  return { status: 400, reason };
}
