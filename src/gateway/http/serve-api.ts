import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type ApiAccess, SoloError } from "../../api/index.ts";
import { callerOf } from "./caller.ts";
import { closeServer } from "./close-server.ts";
import { handleRequest, maxRequestBytes, type RequestContext } from "./handle-request.ts";
import { prepareOwnerKey } from "./owner-key.ts";

export interface ServeOptions {
  readonly access: ApiAccess;
  /** The caller holds the data directory's lock, so whatever lies at this path belongs to nobody. */
  readonly socketPath: string;
  /** This build, told in every answer. */
  readonly version: string;
  /** Told of errors that are bugs, with their stack; by default stderr. */
  readonly onBug?: (error: Error) => void;
}

export interface ApiServer {
  /** Stops accepting, lets requests in flight end for a moment, then cuts them off; removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves a kernel's operations as HTTP on a unix socket that only its owner can open.
 * @throws SoloError `forbidden` when the socket's folder belongs to someone else, `io_error` when it can't be made
 */
export function serveApi({ access, socketPath, version, onBug = console.error }: ServeOptions): ApiServer {
  prepareSocketFolder(dirname(socketPath));
  rmSync(socketPath, { force: true });
  const key = prepareOwnerKey(socketPath);
  const authenticate: RequestContext["authenticate"] = (request, requestId) =>
    callerOf(request, requestId, { access, ownerKey: key });
  const closing = new AbortController();
  // Between bind and chmod the 0700 folder keeps everyone else out.
  const server = Bun.serve({
    unix: socketPath,
    development: false,
    maxRequestBodySize: maxRequestBytes,
    fetch: (request, server) => {
      // Bun ends a silent connection after 10 s, but a stop has its grace. Streams, see heartbeatMs.
      server.timeout(request, 0);
      return handleRequest(request, { access, version, closing: closing.signal, onBug, authenticate });
    },
    error: (error) => Response.json(SoloError.from(error).toDocument(), { status: 500 }),
  });
  chmodSync(socketPath, 0o600);
  return {
    close: async () => {
      await closeServer(server, closing);
      rmSync(socketPath, { force: true });
    },
  };
}

/** The folder may be in /tmp, where someone else could have made it first. */
function prepareSocketFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new SoloError("forbidden", `${folder} belongs to someone else: a socket there would not be safe`, {
      hint: "choose a shorter or another folder with --data-dir",
    });
  }
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
