import { type LogLine, logsRequestSchema, type OperationRequest, type ServiceRef, SoloError } from "../api/index.ts";

type Read = (query: OperationRequest<"logs">, signal?: AbortSignal) => AsyncIterable<LogLine>;

/** The names that a hint lists at most. */
const maxListed = 10;

/**
 * The lines of a service's log that a request asks for.
 * @param living the instances that there are now, which may not have written anything yet
 * @throws SoloError `not_found` for an instance that neither is there nor has left a line
 */
export function logsOf(
  read: Read,
  request: OperationRequest<"logs">,
  living: readonly string[],
  signal?: AbortSignal,
): AsyncIterable<LogLine> {
  const { instance } = request;
  if (instance === undefined || living.includes(instance)) return read(request, signal);
  return logsOfFormer(read, request, instance, living, signal);
}

async function* logsOfFormer(
  read: Read,
  request: OperationRequest<"logs">,
  instance: string,
  living: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine> {
  const { tenant, name } = request;
  await refuseUnknown(read, { tenant, name }, instance, living);
  yield* read(request, signal);
}

async function refuseUnknown(read: Read, ref: ServiceRef, wanted: string, living: readonly string[]): Promise<void> {
  const found = new Set(living);
  for await (const { instance } of read(logsRequestSchema.parse(ref))) {
    if (instance === wanted) return;
    found.add(instance);
  }
  const listed = [...found].slice(-maxListed).join(", ");
  throw new SoloError("not_found", `${ref.name} has and had no instance ${wanted}`, {
    hint: listed === "" ? "nothing of it was started yet" : `its log has lines of ${listed}`,
  });
}
