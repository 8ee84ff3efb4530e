/** 128 + SIGTERM, as a shell shows a process that the signal ended. */
const terminatedExitCode = 143;

/**
 * Runs `stop` on SIGTERM and ends the process with 0, or with 1 when it throws. A second SIGTERM ends it at once. There is
 * no limit of its own: the kernel's grace ends in SIGKILL.
 */
export function stopOnSigterm(stop: () => Promise<void>): void {
  process.once("SIGTERM", async () => {
    process.once("SIGTERM", () => process.exit(terminatedExitCode));
    try {
      await stop();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  });
}
