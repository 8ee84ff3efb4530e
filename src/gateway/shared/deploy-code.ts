import { createHash } from "node:crypto";
import { z } from "zod";
import type { ApiAccess, Caller, OperationInput, SoloApi } from "../../api/index.ts";

/** File endings of the formats that a service's code may be sent in. */
const endings = { typescript: "ts", javascript: "mjs" } as const;
export type CodeFormat = keyof typeof endings;
export const codeFormats: readonly CodeFormat[] = ["typescript", "javascript"];

/** A service whose code is one module that was sent along. */
export interface Code {
  readonly tenant: string;
  readonly name: string;
  readonly code: string;
  readonly format: CodeFormat;
  /** Only if the service is as it was then. */
  readonly if_updated?: string;
  /** How long to wait until it is ready. */
  readonly timeout_ms?: number;
}

/** Who deploys, and under which key it is done once. */
export interface Deployer {
  readonly access: Pick<ApiAccess, "once">;
  readonly caller: Caller;
  readonly key: string | undefined;
}

const deployedSchema = z.object({
  service: z.string(),
  revision: z.string(),
  url: z.string().nullable(),
  changed: z.boolean(),
});
/** What came of it. */
export type Deployed = z.infer<typeof deployedSchema>;

/**
 * Brings the code to the kernel and deploys it until it is ready.
 * @param look what is looked at before, and how many instances there are to be (absent: one); it throws what speaks against it
 */
export async function deployCode(
  { access, caller, key }: Deployer,
  code: Code,
  look: (api: SoloApi) => Promise<{ readonly replicas?: number }>,
): Promise<Deployed> {
  const request = { caller, key, operation: "deploy" as const, input: meant(code) };
  return deployedSchema.parse(await access.once(request, async (api) => deploy(api, code, await look(api))));
}

/** What a repetition has in common with the first request: not for how long it waits. */
function meant({ tenant, name, code, format, if_updated }: Code): OperationInput<"deploy"> {
  const path = `/${createHash("sha256").update(code).digest("hex")}.${endings[format]}`;
  return {
    tenant,
    services: [{ name, spec: { kind: "source", path } }],
    ...(if_updated !== undefined && { if_updated }),
  };
}

async function deploy(
  api: SoloApi,
  { tenant, name, code, format, ...options }: Code,
  { replicas }: { readonly replicas?: number },
): Promise<Deployed> {
  const content = Buffer.from(code).toString("base64");
  const { path } = await api.upload({ tenant, file: `${name}.${endings[format]}`, content });
  const spec = { kind: "source" as const, path, ...(replicas !== undefined && { replicas }) };
  for await (const progress of api.deploy({ tenant, services: [{ name, spec }], ...options })) {
    const result = progress.type === "result" ? progress.services[0] : undefined;
    if (result !== undefined) return deployedSchema.parse(result);
  }
  throw new Error("a deploy ended without a result");
}
