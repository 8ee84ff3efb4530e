import { AppendBuffer } from "./append-buffer.ts";
import { Flusher, type FlusherParts } from "./flusher.ts";
import { Iterators } from "./iterators.ts";
import type { ReadableLog } from "./log-reader.ts";
import type { MetadataFile } from "./metadata-file.ts";
import type { LogSettings } from "./options.ts";
import type { RecoveredLog } from "./recover.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Segments } from "./segments.ts";
import { Truncation } from "./truncation.ts";

/** What an open log consists of. */
export interface LogParts {
  readonly metadata: MetadataFile;
  readonly segments: Segments;
  readonly iterators: Iterators;
  readonly truncation: Truncation;
  readonly writer: SegmentWriter;
  readonly buffer: AppendBuffer;
  readonly flusher: Flusher;
  readonly readable: ReadableLog;
}

/** Puts a log together from what recovery left. */
export function assembleLog(
  folder: string,
  settings: LogSettings,
  { metadata, segments, tail }: RecoveredLog,
  hooks: Pick<FlusherParts, "afterCommit" | "afterFailure">,
): LogParts {
  const { files, segmentBytes, bufferBytes, windowMs, clock } = settings;
  const { identity } = metadata.current;
  const iterators = new Iterators(metadata.current.iterators);
  const truncation = new Truncation(metadata, iterators);
  const writer = new SegmentWriter(files, folder, { segments, metadata, segmentBytes, tail: tail.address });
  const buffer = new AppendBuffer(identity, bufferBytes, {
    tail,
    segmentBase: segments.last.base,
    segmentSpace: segmentBytes - segmentHeaderBytes,
  });
  const flusher = new Flusher({ buffer, writer, metadata, iterators, durable: tail, windowMs, clock, ...hooks });
  const readable: ReadableLog = {
    files,
    identity,
    segments,
    begin: () => truncation.begin,
    committed: () => flusher.committed,
  };
  return { metadata, segments, iterators, truncation, writer, buffer, flusher, readable };
}
