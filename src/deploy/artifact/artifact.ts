/** What a service runs, in the form in which it is kept and started. */
export interface Artifact {
  /** SHA-256 of the content in hex; the same content has the same digest, wherever it lies. */
  readonly digest: string;
  /** Absolute path of the file to run: the bundle, the module, or the resolved executable. */
  readonly entry: string;
  /** `command`: the resolved executable and its arguments; else empty. */
  readonly command: readonly string[];
  /** Whether the program is expected to listen on `$PORT`. */
  readonly mentionsPort: boolean;
  /** Whether the same content was there already. */
  readonly cached: boolean;
  readonly tookMs: number;
}

/** Where an artifact's files went. */
export interface Published {
  readonly digest: string;
  readonly directory: string;
  readonly cached: boolean;
}
