/** @jsxImportSource preact */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { type ApiFailure, createClient } from "./api/index.ts";
import { FailureNote } from "./parts/index.ts";
import {
  type Credentials,
  capabilityOf,
  type Session,
  SessionContext,
  SignIn,
  storeCredentials,
  storedCredentials,
} from "./session/index.ts";
import { Shell } from "./shell.tsx";

interface SignedIn {
  readonly credentials: Credentials;
  readonly capability: Session["capability"];
}

/** The whole page: a form to sign in, or everything behind it. */
export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>();
  const [stored, setStored] = useState(storedCredentials);
  const [reason, setReason] = useState<string>();
  const [failure, setFailure] = useState<ApiFailure>();
  const [updated, setUpdated] = useState(false);

  const signOut = useCallback((why?: string) => {
    storeCredentials(undefined);
    setStored(undefined);
    setSignedIn(undefined);
    setReason(why);
  }, []);

  // After a reload: the token is still there, what it is good for must be asked for again.
  useEffect(() => {
    if (stored === undefined || signedIn !== undefined) return;
    capabilityOf(stored).then(
      (capability) => setSignedIn({ credentials: stored, capability }),
      (thrown: ApiFailure) => (thrown.status === 0 ? setFailure(thrown) : signOut(thrown.message)),
    );
  }, [stored, signedIn, signOut]);

  const session = useMemo<Session | undefined>(() => {
    if (signedIn === undefined) return undefined;
    const { credentials, capability } = signedIn;
    const client = createClient({
      token: credentials.token,
      onRefused: ({ message }) => signOut(`You were signed out: ${message}.`),
      onUpdated: () => setUpdated(true),
    });
    return { client, tenant: credentials.tenant, capability };
  }, [signedIn, signOut]);

  if (session !== undefined) {
    return (
      <SessionContext.Provider value={session}>
        <Shell updated={updated} onSignOut={signOut} />
      </SessionContext.Provider>
    );
  }
  if (stored === undefined) {
    return (
      <SignIn
        reason={reason}
        onSignedIn={(credentials, capability) => {
          setFailure(undefined);
          setSignedIn({ credentials, capability });
          setStored(credentials);
        }}
      />
    );
  }
  return (
    <main id="main" aria-busy="true">
      {failure && <FailureNote failure={failure} />}
    </main>
  );
}
