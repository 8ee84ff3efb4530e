import type { DeployResult, SoloApi } from "../../api/index.ts";

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
  /** Absent: one. */
  readonly replicas?: number;
  /** Only if the service is as it was then. */
  readonly if_updated?: string;
  /** How long to wait until it is ready. */
  readonly timeout_ms?: number;
}

/** Brings the code to the kernel and deploys it until it is ready. */
export async function deployCode(
  api: SoloApi,
  { tenant, name, code, format, replicas, ...options }: Code,
): Promise<DeployResult> {
  const content = Buffer.from(code).toString("base64");
  const { path } = await api.upload({ tenant, file: `${name}.${endings[format]}`, content });
  const spec = { kind: "source" as const, path, ...(replicas !== undefined && { replicas }) };
  let result: DeployResult | undefined;
  for await (const progress of api.deploy({ tenant, services: [{ name, spec }], ...options })) {
    if (progress.type === "result") result = progress.services[0];
  }
  if (result === undefined) throw new Error("a deploy ended without a result");
  return result;
}
