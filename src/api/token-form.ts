/** So that people, secret scanners and redaction know a token when they see it. */
export const tokenPrefix = "solo_cap_";
/** Of 32 random bytes in base64url. */
export const tokenRandomLength = 43;
const form = `${tokenPrefix}[A-Za-z0-9_-]{${tokenRandomLength}}`;
export const tokenPattern: RegExp = new RegExp(`^${form}$`);
const anywhere = new RegExp(form, "g");

/** A text for people and logs: whoever sends a token in the wrong place must not find it in what is told of that. */
export function withoutTokens(text: string): string {
  return text.includes(tokenPrefix) ? text.replace(anywhere, "[token]") : text;
}
