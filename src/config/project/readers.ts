import { parseDuration } from "../../api/units.ts";
import { type Reader, Refusal } from "../value-types.ts";

/** A path on the instance's port, or a whole URL. */
export const httpTarget: Reader<string> = {
  fromFile: (value) =>
    typeof value === "string" && (/^\/\S*$/.test(value) || (/^https?:\/\//.test(value) && URL.canParse(value)))
      ? value
      : new Refusal('a path such as "/health", or a whole http:// URL'),
};

/** A number from 0 on, with a fraction or without. */
export function amount(what: string, max: number): Reader<number> {
  const refusal = new Refusal(`${what} from 0 to ${max}`);
  return { fromFile: (value) => (typeof value === "number" && value >= 0 && value <= max ? value : refusal) };
}

export interface TcpTarget {
  readonly host: string;
  /** `0` stands for the instance's own port. */
  readonly port: number;
}

/** `true` for the instance's own port, a port of this machine, or `"host:port"`. */
export const tcpTarget: Reader<TcpTarget> = {
  fromFile: (value) => {
    const host = "127.0.0.1";
    if (value === true) return { host, port: 0 };
    if (typeof value === "number" && isPort(value)) return { host, port: value };
    const parts = typeof value === "string" ? /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/]+)):(\d+)$/.exec(value) : null;
    const port = Number(parts?.[3]);
    const named = parts?.[1] ?? parts?.[2];
    if (named !== undefined && isPort(port)) return { host: named, port };
    return new Refusal('true (its own port), a port, or "host:port"');
  },
};

export interface BackoffRange {
  readonly min: number;
  readonly max: number;
}

/** `"100ms..30s"`, or one duration for a pause that doesn't grow. In milliseconds. */
export function backoffRange(longest: number): Reader<BackoffRange> {
  const refusal = new Refusal('a range such as "100ms..30s"');
  return {
    fromFile: (value) => {
      if (typeof value !== "string") return refusal;
      const [min, max = min, ...rest] = value.split("..").map((part) => parseDuration(part));
      if (min === undefined || max === undefined || rest.length > 0 || max > longest) return refusal;
      return min <= max
        ? { min, max }
        : new Refusal("a range that goes up", `write "${value.split("..").reverse().join("..")}"`);
    },
  };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
