import { open, rm } from "node:fs/promises";
import { type SoloApi, SoloError } from "../api/index.ts";

/**
 * Writes a checkpoint of a kernel elsewhere into a file here, which must not be there yet.
 * @throws SoloError `conflict` when it is, `io_error` when it can't be written or did not come whole: then nothing is left of it
 */
export async function downloadCheckpoint(
  kernel: Pick<SoloApi, "checkpointDownload">,
  checkpoint: { readonly tenant: string; readonly name: string; readonly id: string },
  file: string,
): Promise<void> {
  const target = await open(file, "wx", 0o600).catch((cause: unknown) => {
    throw cannotWrite(file, cause);
  });
  let isWhole = false;
  try {
    let [written, wanted] = [0, -1];
    for await (const { content, total_bytes } of kernel.checkpointDownload(checkpoint)) {
      const bytes = Buffer.from(content, "base64");
      await target.writeFile(bytes);
      written += bytes.length;
      wanted = total_bytes;
    }
    if (written !== wanted) throw new SoloError("io_error", `only ${written} of ${wanted} bytes came`);
    await target.sync();
    isWhole = true;
  } finally {
    await target.close();
    if (!isWhole) await rm(file, { force: true });
  }
}

function cannotWrite(file: string, cause: unknown): SoloError {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  if (code === "EEXIST") {
    return new SoloError("conflict", `${file} is there already`, { hint: "choose another name, or remove it first" });
  }
  return new SoloError("io_error", `can't write ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
}
