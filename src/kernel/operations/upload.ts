import { chmod, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { OperationRequest, Uploaded } from "../../api/index.ts";
import { publish } from "../../deploy/index.ts";
import type { Kernel } from "../kernel.ts";

/** Keeps a file under the name of its content: the same one twice is one. */
export async function upload(kernel: Kernel, request: OperationRequest<"upload">): Promise<Uploaded> {
  const { tenant, file, content, executable } = request;
  const bytes = Buffer.from(content, "base64");
  const folder = join(kernel.paths.uploads, tenant);
  const published = await publish(folder, "upload", [{ name: file, bytes, digested: true }]);
  const path = join(published.directory, file);
  if (executable) await chmod(path, 0o700);
  // The hour for which it is kept begins again.
  const now = kernel.clock.now() / 1_000;
  await utimes(published.directory, now, now);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return { path, sha256, bytes: bytes.length, changed: !published.cached };
}
