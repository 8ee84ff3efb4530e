/** @jsxImportSource preact */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { createClient, toFailure } from "./api/index.ts";
import {
  capabilityOf,
  type Session,
  SessionContext,
  type SignedIn,
  SignIn,
  storedSignIn,
  storeSignIn,
} from "./session/index.ts";
import { Shell } from "./shell.tsx";

/** The whole page: a form to sign in, or everything behind it. */
export function App() {
  const [signedIn, setSignedIn] = useState(storedSignIn);
  const [reason, setReason] = useState<string>();
  const [updated, setUpdated] = useState(false);

  const signIn = useCallback((as: SignedIn) => {
    storeSignIn(as);
    setSignedIn(as);
  }, []);
  const signOut = useCallback((why?: string) => {
    storeSignIn(undefined);
    setSignedIn(undefined);
    setReason(why === undefined ? undefined : `You were signed out: ${why}.`);
  }, []);

  // After a reload the page shows at once what the token was good for, and asks whether it still is.
  useEffect(() => {
    const stored = storedSignIn();
    if (stored === undefined) return;
    const { credentials } = stored;
    capabilityOf(credentials).then(
      (capability) => signIn({ credentials, capability }),
      (thrown: unknown) => {
        const { status, message } = toFailure(thrown);
        if (status === 401 || status === 403) signOut(message);
      },
    );
  }, [signIn, signOut]);

  const { token, tenant } = signedIn?.credentials ?? nobody;
  const client = useMemo(
    () => createClient({ token, onRefused: ({ message }) => signOut(message), onUpdated: () => setUpdated(true) }),
    [token, signOut],
  );
  const capability = signedIn?.capability;
  const session = useMemo<Session | undefined>(
    () => (capability === undefined ? undefined : { client, tenant, capability }),
    [client, tenant, capability],
  );
  if (session === undefined) return <SignIn reason={reason} onSignedIn={signIn} />;
  return (
    <SessionContext.Provider value={session}>
      <Shell updated={updated} onSignOut={signOut} />
    </SessionContext.Provider>
  );
}

const nobody = { token: "", tenant: "" };
