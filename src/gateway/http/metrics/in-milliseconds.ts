import { type MetricFamily, type MetricsDocument, SoloError } from "../../../api/index.ts";

/** Histograms that the first design of Solo has in milliseconds, by the names that they have here. */
const older: Readonly<Record<string, string>> = {
  solo_service_startup_seconds: "solo_service_startup_ms",
  solo_grpc_request_duration_seconds: "solo_grpc_request_duration_ms",
};

/**
 * The same, and for who asks by `?units=ms` these histograms in milliseconds too, under their older names. Not without being
 * asked: Prometheus' own rules want seconds, and its linter complains.
 * @throws SoloError `invalid_request`
 */
export function withUnits(document: MetricsDocument, units: string | null): MetricsDocument {
  if (units === null) return document;
  if (units !== "ms") {
    throw new SoloError("invalid_request", "units: expects ms", { details: { field: "units" } });
  }
  const added = document.families.flatMap((family) => {
    const name = older[family.name];
    return name === undefined ? [] : [inMilliseconds(family, name)];
  });
  return { ...document, families: [...document.families, ...added] };
}

function inMilliseconds(family: MetricFamily, name: string): MetricFamily {
  const samples = family.samples.map(({ sum = 0, buckets = [], ...sample }) => ({
    ...sample,
    sum: milliseconds(sum),
    buckets: buckets.map(({ le, count }) => ({ le: milliseconds(le), count })),
  }));
  return { ...family, name, samples };
}

/** Without the last digits that binary fractions leave. */
function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}
