export { initTls, issueClient, renewServer, showTls } from "./tls.ts";
