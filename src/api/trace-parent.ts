/**
 * In the course of what a service asks its kernel for something: the id of the call that it answers, or the `traceparent` of the
 * request, and behind `~` the span of the step within it.
 */
const separator = "~";

export function withinStep(underWay: string, span: string): string {
  return partsOfParent(underWay).underWay + separator + span;
}

export function partsOfParent(text: string): { readonly underWay: string; readonly span: string | undefined } {
  const at = text.indexOf(separator);
  if (at < 0) return { underWay: text, span: undefined };
  const span = text.slice(at + 1);
  return { underWay: text.slice(0, at), span: spanPattern.test(span) ? span : undefined };
}

/** As W3C's `traceparent` has it. */
export const spanPattern = /^(?!0{16})[0-9a-f]{16}$/;
