export { may, reachesTenant, type Session, SessionContext, useSession } from "./session.ts";
export { capabilityOf, SignIn } from "./sign-in.tsx";
export { type Credentials, type SignedIn, storedSignIn, storeSignIn } from "./stored.ts";
