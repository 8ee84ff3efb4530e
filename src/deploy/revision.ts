import { createHash } from "node:crypto";
import type { ServiceSpec } from "../api/index.ts";

/** Hex digits of a revision's name: 48 bits, so that two revisions of one service never share one in practice. */
const revisionDigits = 12;

/**
 * A revision's name: a digest of the artifact and of the specification. The number of replicas is not part of it: scaling
 * makes no revision.
 */
export function revisionId(spec: ServiceSpec, artifactDigest: string): string {
  const { replicas: _, ...content } = spec;
  return createHash("sha256")
    .update(canonical(content))
    .update("\0")
    .update(artifactDigest)
    .digest("hex")
    .slice(0, revisionDigits);
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)))
      : item,
  );
}
