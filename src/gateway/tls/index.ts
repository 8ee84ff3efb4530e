export { callerByCertificate, clientCertificate, withinCertificate } from "./client-certificate.ts";
export { openCredentials, type TlsContext, type TlsCredentials, type TlsSettings } from "./credentials.ts";
export { tlsSettingsOf } from "./settings.ts";
