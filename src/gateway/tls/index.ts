export { contextOf, demandOf, handshakeMs, peerOf } from "./accept.ts";
export { callerByCertificate, withinCertificate } from "./client-certificate.ts";
export { openCredentials, type TlsContext, type TlsCredentials, type TlsSettings } from "./credentials.ts";
export { type Exposure, mannerOf, refusalOf } from "./exposure.ts";
export { tlsSettingsOf } from "./settings.ts";
