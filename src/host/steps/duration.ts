import { SoloError } from "../../api/error.ts";
import { parseDuration } from "../../api/units.ts";

/** A length of time as milliseconds. @throws SoloError `invalid_request` */
export function milliseconds(what: string, duration: number | string): number {
  const ms = typeof duration === "number" ? duration : parseDuration(duration);
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return ms;
  throw new SoloError("invalid_request", `${what} can't be ${JSON.stringify(duration)}`, {
    hint: 'give milliseconds from 0 on, or text such as "30s"',
  });
}
