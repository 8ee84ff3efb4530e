/** The secrets that `secrets` in solo.toml, or `deploy --secret`, gives to the service. */
export interface Secrets {
  /** Their names. */
  names(): string[];
  /**
   * The present value, as text. Ask for it whenever it is needed, rather than to keep it: it may be rotated while the service
   * runs. Throws an error with the code `not_found` when the service does not ask for a secret of that name.
   *
   * @example
   * await fetch(url, { headers: { authorization: `Bearer ${ctx.secrets.get("API_KEY")}` } });
   */
  get(name: string): string;
  /** The same byte for byte, for what is no text. */
  bytes(name: string): Uint8Array;
  /**
   * Calls a function after a secret was rotated, until the instance stops or the returned function is called.
   *
   * @example
   * ctx.secrets.onChange((name) => name === "DB_PASSWORD" && pool.reconnect(ctx.secrets.get(name)));
   */
  onChange(changed: (name: string) => void): () => void;
}
