import { open } from "node:fs/promises";
import { type CheckpointPart, type OperationRequest, SoloError } from "../../../api/index.ts";
import type { ServiceCheckpoints } from "../../../state/index.ts";

/** The pieces of a checkpoint's file, which stays readable when retention removes it meanwhile. */
export async function* downloadCheckpoint(
  checkpoints: ServiceCheckpoints,
  { id: wanted }: OperationRequest<"checkpointDownload">,
): AsyncGenerator<CheckpointPart> {
  const { id } = checkpoints.catalog.get(wanted);
  const file = await open(await checkpoints.soundFile(id));
  try {
    const { size: total_bytes } = await file.stat();
    const buffer = Buffer.allocUnsafe(partBytes);
    for (let offset = 0; offset < total_bytes; ) {
      const { bytesRead } = await file.read(buffer, 0, partBytes, offset);
      if (bytesRead === 0) throw new SoloError("io_error", `the file of checkpoint ${id} became shorter`);
      yield { id, total_bytes, offset, content: buffer.toString("base64", 0, bytesRead) };
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
}

const partBytes = 196_608;
