import { SoloError } from "../../api/index.ts";

/** The answer of a tool (MCP's `CallToolResult`). */
export interface ToolResult {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  [key: string]: unknown;
}

/** A document as programs read it, and the same as text for models whose program shows them only that. */
export function resultOf(summary: string, document: unknown): ToolResult {
  const structuredContent = Object.fromEntries(Object.entries(objectOf(document)));
  return {
    content: [
      { type: "text", text: summary },
      { type: "text", text: JSON.stringify(structuredContent) },
    ],
    structuredContent,
  };
}

/** What went wrong, as the model is to read it; the whole error follows as JSON, as the command line prints it. */
export function failureOf(error: SoloError): ToolResult {
  const hint = error.hint === null ? "" : `\nHint: ${error.hint}`;
  return {
    isError: true,
    content: [
      { type: "text", text: `${error.code}: ${error.message}${hint}` },
      { type: "text", text: JSON.stringify(error.toDocument()) },
    ],
  };
}

function objectOf(document: unknown): object {
  if (typeof document === "object" && document !== null) return document;
  throw new SoloError("internal", "an operation answered something that is no document");
}
