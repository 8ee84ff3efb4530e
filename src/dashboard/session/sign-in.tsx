/** @jsxImportSource preact */
import type { TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import { type ApiFailure, createClient, toFailure } from "../api/index.ts";
import { FailureNote } from "../parts/index.ts";
import type { Session } from "./session.ts";
import type { Credentials, SignedIn } from "./stored.ts";

export interface SignInProps {
  /** Why somebody who was signed in is not any more. */
  readonly reason: string | undefined;
  readonly onSignedIn: (signedIn: SignedIn) => void;
}

/** Asks for a token, and finds out what it is good for. */
export function SignIn({ reason, onSignedIn }: SignInProps) {
  const [failure, setFailure] = useState<ApiFailure>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = {
      token: String(form.get("token")).trim(),
      tenant: String(form.get("tenant")).trim() || defaultTenant,
    };
    setBusy(true);
    setFailure(undefined);
    try {
      onSignedIn({ credentials, capability: await capabilityOf(credentials) });
    } catch (thrown) {
      setFailure(toFailure(thrown));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in" id="main">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <h1 id="sign-in-title">
          <span class="mark" aria-hidden="true" /> Solo
        </h1>
        {reason !== undefined && (
          <p class="note" role="status">
            {reason}
          </p>
        )}
        <label>
          Token of a capability
          <input name="token" type="password" required autocomplete="off" spellcheck={false} ref={focus} />
        </label>
        <label>
          Tenant
          <input name="tenant" placeholder={defaultTenant} autocomplete="off" autocapitalize="off" spellcheck={false} />
        </label>
        {failure && <FailureNote failure={withAdvice(failure)} />}
        <button type="submit" class="primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <details>
          <summary>Where do I get a token?</summary>
          <p>On the kernel's machine, for one hour:</p>
          <pre>solo dashboard</pre>
          <p>Or for as long and with as much as you say; a viewer changes nothing:</p>
          <pre>solo capability grant --resource tenant --role viewer --ttl 8h</pre>
          <p>It stays in this tab, and is gone when the tab is closed.</p>
        </details>
      </form>
    </main>
  );
}

/** @throws ApiFailure for a token that is not valid, or not of that tenant */
export async function capabilityOf({ token, tenant }: Credentials): Promise<Session["capability"]> {
  const client = createClient({ token, onRefused: () => undefined, onUpdated: () => undefined });
  return (await client.call("capabilityVerify", { tenant, token })).document;
}

function withAdvice(failure: ApiFailure): ApiFailure {
  const hint =
    failure.status === 403
      ? "the token belongs to another tenant: name it above"
      : failure.status === 400
        ? "copy the whole token, from solo_cap_ to its end"
        : failure.hint;
  return Object.assign(failure, { hint });
}

const focus = (input: HTMLInputElement | null) => input?.focus();
const defaultTenant = "default";
