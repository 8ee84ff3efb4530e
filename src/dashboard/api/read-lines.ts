import type { ErrorDocument } from "../../api/error.ts";
import { ApiFailure, toFailure } from "./failure.ts";

/**
 * Reads an answer of one JSON document a line, up to its end.
 * @throws ApiFailure when the stream ends with a failure
 */
export async function readLines<Line extends object>(response: Response, onLine: (line: Line) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const part = await reader?.read().catch((thrown: unknown) => {
      throw toFailure(thrown);
    });
    if (part === undefined || part.done) return;
    const lines = `${rest}${part.value}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") continue;
      const document: Line | ({ readonly type: "error" } & ErrorDocument) = JSON.parse(line);
      if ("error" in document) throw new ApiFailure(response.status, document.error);
      onLine(document);
    }
  }
}
