import { type ErrorCode, SoloError } from "./api/index.ts";
import { StoreError, type StoreErrorCode } from "./store/index.ts";

const codes: Readonly<Record<StoreErrorCode, ErrorCode>> = {
  not_found: "not_found",
  invalid_argument: "usage",
  too_large: "limit_exceeded",
  corrupt: "storage_corrupt",
  too_new: "data_too_new",
  locked: "locked",
  full: "storage_full",
  io_error: "io_error",
  poisoned: "io_error",
  closed: "internal",
  busy: "conflict",
};

/** Makes what the store throws a `SoloError`. `hintFor` knows the next step for whoever named a path. */
export function translateStoreErrors(hintFor: (code: StoreErrorCode, path: string) => string | undefined) {
  return async <T>(path: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const hint = hintFor(error.code, path);
      throw new SoloError(codes[error.code], error.message, { cause: error, ...(hint !== undefined && { hint }) });
    }
  };
}
