import { SoloError } from "../../api/index.ts";

/**
 * The body of a request as text.
 * @throws SoloError `invalid_request` when it does not come in time (408 in HTTP's terms), or breaks off
 */
export async function bodyText(request: Request): Promise<string> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooSlow()), allowedMs(request.headers));
  const reading = request.text();
  try {
    return await Promise.race([reading, late]);
  } catch (thrown) {
    if (thrown instanceof SoloError) throw thrown;
    throw new SoloError("invalid_request", "the body broke off", { cause: thrown });
  } finally {
    clearTimeout(timer);
    // It ends with the connection, and nobody waits for it any more.
    reading.catch(() => undefined);
  }
}

/** Longer bodies take longer; one of unknown length has the time of one of a megabyte. */
function allowedMs(headers: Headers): number {
  const length = Number(headers.get("content-length") ?? 1_048_576);
  return graceMs + (length / leastBytesPerSecond) * 1_000;
}

function tooSlow(): SoloError {
  return new SoloError("invalid_request", "the body did not come in time", {
    hint: `a body has ${graceMs / 1_000} s, and one more for each ${leastBytesPerSecond / 1_024} KiB`,
    details: { late: true },
  });
}

const graceMs = 10_000;
/** Who sends slower than this holds a connection and gives nothing. */
const leastBytesPerSecond = 8_192;
