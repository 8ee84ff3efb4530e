import { isOperationName, routes } from "./routes/index.ts";

/** Every operation. Kept apart from the routes, which every command loads. */
export const operationNames: readonly (keyof typeof routes)[] = Object.keys(routes).filter(isOperationName);
