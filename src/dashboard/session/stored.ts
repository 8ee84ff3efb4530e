import type { CapabilityDocument } from "../../api/capabilities.ts";

export interface Credentials {
  readonly token: string;
  readonly tenant: string;
}

/** Who signed in, and what the token was good for then. */
export interface SignedIn {
  readonly credentials: Credentials;
  readonly capability: CapabilityDocument;
}

const place = "solo";

/** In this tab and until it is closed: `sessionStorage` is not shared with other tabs, and sent to nobody. */
export function storedSignIn(): SignedIn | undefined {
  const text = sessionStorage.getItem(place);
  return text === null ? undefined : JSON.parse(text);
}

export function storeSignIn(signedIn: SignedIn | undefined): void {
  if (signedIn === undefined) sessionStorage.removeItem(place);
  else sessionStorage.setItem(place, JSON.stringify(signedIn));
}
