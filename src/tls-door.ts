import type { TlsDoor } from "./cli/index.ts";
import { initTls, issueClient, renewServer, revokeClient, showTls } from "./security/tls/index.ts";

/** Makes certificates for the command line. Loaded only by commands that do. */
export const tlsDoor: TlsDoor = { init: initTls, renew: renewServer, issueClient, revoke: revokeClient, show: showTls };
