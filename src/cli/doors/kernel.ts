import type { AuditVerification, OperationInput, ReadApi, SoloApi } from "../../api/index.ts";
import type { LoadedConfig } from "../../config/index.ts";

export interface DaemonOptions {
  readonly config: LoadedConfig;
  /** The flags of this command line that a kernel in another process must be given too. */
  readonly flags: readonly string[];
}

export interface ForegroundKernel extends SoloApi {
  /** Resolves when someone else ended it, through its socket. */
  readonly stopped: Promise<void>;
  /** Stops the services, unless they are to be kept, and gives up the lock. Further calls wait for the first. */
  close(options?: { readonly keepServices?: boolean }): Promise<void>;
}

/** A kernel inside this process that took over what runs and starts nothing. */
export interface TakeoverKernel {
  readonly kernel: SoloApi;
  /** Leaves what still runs to the next kernel. */
  close(): Promise<void>;
}

/** What ends a kernel's services once the command around it is gone. */
export interface Leash {
  /** To be called when the services are stopped. Resolves when nothing of the leash is left. */
  release(): Promise<void>;
}

/**
 * What the command line needs of the kernel when it doesn't merely call one. `src/main.ts` hands it over, so that nothing
 * under `cli` imports the kernel.
 */
export interface KernelDoor {
  /** Reads this machine's data directory without taking its lock and without starting anything. */
  openReadOnly(config: LoadedConfig): Promise<ReadApi & { close(): void }>;
  /**
   * A program with everything it imports as one module, for a kernel that does not see its files.
   * @throws SoloError `invalid_source` (with file:line:column), also for one that is more than a module
   */
  bundle(path: string): Promise<Uint8Array>;
  /** Checks an exported audit trail, which may come from another machine. */
  verifyAuditExport(path: string, request: OperationInput<"auditVerify">): Promise<AuditVerification>;
  /** Returns once the daemon of that directory answers; throws what kept it from starting. */
  startDaemon(options: DaemonOptions): Promise<void>;
  /** A kernel inside this process, listening on its socket like any other. */
  openKernel(options: DaemonOptions): Promise<ForegroundKernel>;
  /** Ties the services of a kernel in this process to it: even `kill -9` of this process stops them, in order. */
  leash(config: LoadedConfig, folder: "temporary" | "kept"): Leash;
  /** A kernel inside this process, for as long as it takes to stop something. */
  takeOver(config: LoadedConfig): Promise<TakeoverKernel>;
  /** Whether a guardian stands above the data directory. */
  isGuarded(config: LoadedConfig): boolean;
  /** Ends guardians whose kernel is gone, so that they start none again. */
  endGuardians(config: LoadedConfig): Promise<void>;
}
