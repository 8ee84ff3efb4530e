/**
 * The proof that who speaks on the kernel's socket may read its owner's files. The socket's mode keeps other users out; a
 * confined service is the same user, and Landlock has no rule on unix sockets before ABI 9, but it has on files.
 */
export const ownerKeyHeader = "x-solo-owner";

/** The file with the key, beside the socket, for its owner alone. */
export function ownerKeyPath(socketPath: string): string {
  return `${socketPath}.key`;
}

/** 32 random bytes in hexadecimal. */
export const ownerKeyPattern = /^[0-9a-f]{64}$/;
