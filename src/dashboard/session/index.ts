export { may, reachesTenant, type Session, SessionContext, useSession } from "./session.ts";
export { capabilityOf, SignIn } from "./sign-in.tsx";
export { type Credentials, storeCredentials, storedCredentials } from "./stored.ts";
