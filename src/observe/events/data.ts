/** An event's data beyond this is left out: it records what happened and is no place for payloads. */
const maxDataBytes = 16_384;

/** The data as stored and as shown. What can't be JSON, or is too long, is replaced by a word about it: never throws. */
export function boundedData(data: Readonly<Record<string, unknown>>): { text: string; value: Record<string, unknown> } {
  const text = encode(data);
  if (text === undefined) return replaced({ omitted: "not JSON" });
  const bytes = Buffer.byteLength(text);
  return bytes > maxDataBytes ? replaced({ omitted: "too long", bytes }) : { text, value: { ...data } };
}

function encode(data: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

function replaced(value: Record<string, unknown>): { text: string; value: Record<string, unknown> } {
  return { text: JSON.stringify(value), value };
}
