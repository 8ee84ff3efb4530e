export {
  type CertificateDocument,
  type ClientRequest,
  initTls,
  issueClient,
  renewServer,
  type ServerRequest,
  showTls,
  type TlsDocument,
} from "./tls.ts";
