import { existsSync } from "node:fs";
import { join } from "node:path";
import { revokedFile } from "../../api/index.ts";
import type { LoadedConfig } from "../../config/index.ts";
import type { TlsSettings } from "./credentials.ts";

/**
 * The certificates that a kernel's APIs use: the configured ones, else those that `solo tls init` made.
 * @returns `undefined` when there are neither
 */
export function tlsSettingsOf(config: Pick<LoadedConfig, "get" | "paths">): TlsSettings | undefined {
  const { tls: folder } = config.paths;
  const common = { requireClient: config.get("security.require_mtls"), revoked: join(folder, revokedFile) };
  const [cert, key, ca] = [config.get("tls.cert"), config.get("tls.key"), config.get("tls.ca")];
  if (cert !== null) return { cert, key: key ?? cert, ca, ...common };
  const made = { cert: join(folder, "server.pem"), key: join(folder, "server.key"), ca: ca ?? join(folder, "ca.pem") };
  return existsSync(made.cert) ? { ...made, ...common } : undefined;
}
