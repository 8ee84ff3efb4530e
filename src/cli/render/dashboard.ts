import type { View } from "../view.ts";

export interface DashboardDocument {
  readonly url: string;
  readonly tenant: string;
  /** Null when the one that the command itself used is to be used there too. */
  readonly capability: string | null;
  readonly token: string | null;
  readonly expires: string | null;
}

/** The token stands on a line of its own, so that it can be copied. */
export function renderDashboard({ url, token, expires, tenant }: DashboardDocument, view: View): string {
  const address = view.style.bold(url);
  if (token === null) return `${address}\nSign in with the token that you have.`;
  const where = tenant === "default" ? "" : ` to the tenant ${tenant}`;
  return `${address}\n\nSign in${where} with this token, which is good until ${expires ?? "it is revoked"}:\n\n${token}`;
}
