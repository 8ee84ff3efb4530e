import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { SoloError } from "../api/index.ts";
import { maxStateKeyBytes } from "../api/state-channel.ts";
import { fromStateJson } from "../api/state-json.ts";

/** A line of an export: further fields, such as the version, are not looked at. */
export interface StateLine {
  readonly key: string;
  readonly value: unknown;
}

/** Entries of one request of an import, which are written as one. */
const batchEntries = 1_000;
const batchBytes = 2 ** 20;

/**
 * Reads an export, checking each line, in batches that can be written as one.
 * @throws SoloError `invalid_request` naming the line, `file_not_found`
 */
export async function* readStateLines(path: string): AsyncGenerator<StateLine[]> {
  let batch: StateLine[] = [];
  let bytes = 0;
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (line.trim() === "") continue;
    batch.push(parseLine(line, `${path}:${number}`));
    bytes += line.length;
    if (batch.length < batchEntries && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    throw new SoloError("file_not_found", `there is no file ${path}`, { cause });
  }
}

function parseLine(line: string, place: string): StateLine {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (cause) {
    throw new SoloError("invalid_request", `${place}: no JSON`, {
      hint: "an export has one JSON object per line",
      cause,
    });
  }
  if (typeof found !== "object" || found === null || !("key" in found) || !("value" in found)) {
    throw new SoloError("invalid_request", `${place}: no object with "key" and "value"`);
  }
  const { key, value } = found;
  if (typeof key !== "string" || Buffer.byteLength(key) > maxStateKeyBytes || !key.isWellFormed()) {
    throw new SoloError("invalid_request", `${place}: a key is text of at most ${maxStateKeyBytes} bytes`);
  }
  try {
    fromStateJson(value);
  } catch (error) {
    throw new SoloError("invalid_request", `${place}: ${SoloError.from(error).message}`, { cause: error });
  }
  return { key, value };
}
