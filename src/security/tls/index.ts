export { revokeClient } from "./revoke.ts";
export { initTls, issueClient, renewServer, showTls } from "./tls.ts";
