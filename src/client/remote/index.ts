export { remoteTransport } from "./remote-transport.ts";
