import { descriptions, type OperationName, operations, type SoloApi, SoloError } from "../../api/index.ts";
import { checkInput } from "../shared/index.ts";
import { type Confirmations, confirmationMs } from "./confirmations.ts";
import { type ConfirmationRequest, confirmationSchema } from "./schemas.ts";

/** Asks the person who has the agent whether to go on; undefined where its program can't. */
export type AskPerson = ((message: string) => Promise<boolean>) | undefined;

interface Asking {
  readonly name: OperationName;
  /** Checked, without the confirmation. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly api: SoloApi;
  readonly confirmations: Confirmations;
  readonly askPerson: AskPerson;
  readonly signal: AbortSignal;
}

/**
 * Before something destructive is done without a confirmation: asks the person, or tells the agent what would be done.
 * @returns undefined when the person agreed
 * @throws SoloError what makes it impossible, such as `not_found`; `confirmation_required` when the person did not agree
 */
export async function askBack(asking: Asking): Promise<ConfirmationRequest | undefined> {
  const { name, input, confirmations, askPerson } = asking;
  const service = await presentState(asking);
  const dry_run = await dryRun(asking);
  const effect = effectOf(name, input);
  if (askPerson !== undefined) {
    const seen =
      service === null ? "" : ` It is ${service.state} now, with ${service.ready} of ${service.replicas} ready.`;
    if (await askPerson(`${effect}${seen} Go on?`)) return undefined;
    throw new SoloError("confirmation_required", `${name} was not agreed to; nothing was done`);
  }
  const { token, expires_ms } = confirmations.issue(name, input);
  return confirmationSchema.parse({
    confirmation_required: {
      confirmation: token,
      expires: new Date(expires_ms).toISOString(),
      effect,
      service,
      dry_run,
    },
  });
}

/** For the text beside the document. */
export function confirmationText({ confirmation_required: { effect, confirmation } }: ConfirmationRequest): string {
  const within = `within ${confirmationMs / 1_000} s`;
  return `Nothing was done yet. ${effect} To do it, call the tool again ${within} with the same input and confirmation ${JSON.stringify(confirmation)}.`;
}

function effectOf(name: OperationName, input: Asking["input"]): string {
  const subject = [input.tenant, input.name ?? input.secret].filter((part) => typeof part === "string").join("/");
  return `${descriptions[name]}${subject === "" ? "" : ` It concerns ${subject}.`}`;
}

/** What there is of the service now. One that there is not is told before anybody is asked. */
async function presentState({ name, input, api, signal }: Asking) {
  if (operations[name].on !== "service" || typeof input.name !== "string") return null;
  try {
    const { state, replicas, ready } = await api.status(
      checkInput("status", { tenant: input.tenant, name: input.name }),
      signal,
    );
    return { state, replicas, ready };
  } catch (thrown) {
    // Whoever may not look at it may still be allowed to change it.
    if (thrown instanceof SoloError && thrown.code === "forbidden") return null;
    throw thrown;
  }
}

async function dryRun<Name extends OperationName>({ name, input, api, signal }: Asking & { readonly name: Name }) {
  if (!("dry_run" in input) || operations[name].stream) return null;
  const document: unknown = await api[name](checkInput(name, { ...input, dry_run: true }), signal);
  return document;
}
