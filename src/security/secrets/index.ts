export type { RekeyTarget } from "./keyring.ts";
export { credentialName, type KeySources } from "./machine-key.ts";
export { deliveryPlaces } from "./memory-folder.ts";
export { refuseMissing, Secrets } from "./secrets.ts";
export { type SecretRecord, SecretTable } from "./table.ts";
