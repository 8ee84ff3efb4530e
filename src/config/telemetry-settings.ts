import { Refusal, truth, type ValueType } from "./value-types.ts";

/** Stands for no endpoint where one is asked for. */
const none = "none";

/** Settings of what is told to a collector of traces and metrics. */
export interface TelemetrySettingValues {
  "telemetry.enabled": boolean;
  /** Null: nothing is exported. */
  "telemetry.otlp_endpoint": string | null;
}

export const telemetrySettings = {
  "telemetry.enabled": {
    about: "Whether traces and metrics are exported when there is an OTLP endpoint",
    type: truth,
    builtIn: () => true,
    variable: "SOLO_TELEMETRY_ENABLED",
  },
  "telemetry.otlp_endpoint": {
    about: `URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; "${none}" for none`,
    type: endpoint(),
    builtIn: () => null,
    variable: "SOLO_TELEMETRY_OTLP_ENDPOINT",
  },
} as const;

function endpoint(): ValueType<string | null> {
  const read = (value: unknown) => {
    if (value === none) return null;
    const isUrl = typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value);
    return isUrl ? value : new Refusal(`"${none}" or an http or https URL`);
  };
  return { fromFile: read, fromText: read, toFile: (value) => value ?? none };
}
