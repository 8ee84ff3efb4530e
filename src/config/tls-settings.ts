import { optionalPath } from "./value-types.ts";

/** Stands for no file where one is asked for. */
const none = "none";

/** Settings of the certificates that the APIs show and ask for. Absolute once loaded. */
export interface TlsSettingValues {
  /** Null: the one that `solo tls init` made, if it did. */
  "tls.cert": string | null;
  "tls.key": string | null;
  "tls.ca": string | null;
}

const completePath = (value: string | null, absolute: (path: string) => string) =>
  value === null ? null : absolute(value);

export const tlsSettings = {
  "tls.cert": {
    about: `Certificate of the APIs (PEM); "${none}" for the one that \`solo tls init\` made`,
    type: optionalPath("a file", none),
    builtIn: () => null,
    variable: "SOLO_TLS_CERT",
    completePath,
  },
  "tls.key": {
    about: `Key of that certificate (PEM); "${none}" where tls.cert is`,
    type: optionalPath("a file", none),
    builtIn: () => null,
    variable: "SOLO_TLS_KEY",
    completePath,
  },
  "tls.ca": {
    about: `Authority of client certificates (PEM); "${none}" for that of \`solo tls init\`, or none beside a tls.cert`,
    type: optionalPath("a file", none),
    builtIn: () => null,
    variable: "SOLO_TLS_CA",
    completePath,
  },
} as const;
