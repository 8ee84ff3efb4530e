import type { ApiAccess, CertificateFacts } from "../../api/index.ts";
import type { BatchedSocket } from "./batched-socket.ts";
import type { CallsInWork } from "./calls-in-work.ts";

/** What all calls have in common. */
export interface GrpcContext {
  readonly access: ApiAccess;
  /** What the peers of its connections showed. */
  readonly certificate: CertificateFacts | undefined;
  /** This build, told in every answer. */
  readonly version: string;
  /** Aborted when the server closes: streams end. */
  readonly closing: AbortSignal;
  readonly inWork: CallsInWork;
  /** By what gRPC calls their peers. */
  readonly connections: ReadonlyMap<string, BatchedSocket>;
  readonly onBug: (error: Error) => void;
  /** Told of every call that ended, with the name of its status. */
  readonly onEnd?: ((method: string, status: string, tookMs: number) => void) | undefined;
}
