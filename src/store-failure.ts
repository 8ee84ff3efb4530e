import { type ErrorCode, SoloError } from "./api/index.ts";
import { apiCodes } from "./state/failure/index.ts";
import { StoreError, type StoreErrorCode } from "./store/index.ts";

/** Commands pass on what their user gave, and close nothing that they still use. */
const codes: Readonly<Record<StoreErrorCode, ErrorCode>> = {
  ...apiCodes,
  invalid_argument: "usage",
  closed: "internal",
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
