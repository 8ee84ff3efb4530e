let writers = 0;

/**
 * Runs work that writes many megabytes. Until it is done a sync of any file may take tens of milliseconds, because the file
 * system's journal is shared: what must not stop the event loop asks {@link isBulkWriting} first.
 */
export async function bulkWrite<Result>(work: () => Promise<Result>): Promise<Result> {
  writers++;
  try {
    return await work();
  } finally {
    writers--;
  }
}

/** Whether this process writes much at the moment. */
export function isBulkWriting(): boolean {
  return writers > 0;
}
