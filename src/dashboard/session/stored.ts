/** Who signed in, in this tab and until it is closed: `sessionStorage` is not shared with other tabs, and sent to nobody. */
export interface Credentials {
  readonly token: string;
  readonly tenant: string;
}

const place = "solo";

export function storedCredentials(): Credentials | undefined {
  const text = sessionStorage.getItem(place);
  if (text === null) return undefined;
  const { token, tenant }: Partial<Credentials> = JSON.parse(text);
  return typeof token === "string" && typeof tenant === "string" ? { token, tenant } : undefined;
}

export function storeCredentials(credentials: Credentials | undefined): void {
  if (credentials === undefined) sessionStorage.removeItem(place);
  else sessionStorage.setItem(place, JSON.stringify(credentials));
}
