/** Bytes of one file: the bundle of a large service, or a WebAssembly module with its data. */
export const maxUploadBytes = 48_000_000;
