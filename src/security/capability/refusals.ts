import { SoloError } from "../../api/index.ts";
import type { LiveCapability } from "./live.ts";

/** One answer for every token that opens nothing: it tells nobody what there is. */
export function unknownToken(): SoloError {
  return new SoloError("unauthenticated", "the token is not valid here", {
    hint: "it was never granted, was revoked long ago, or belongs to another kernel: `solo capability grant` makes one",
  });
}

export function ended({ id }: LiveCapability, how: string): SoloError {
  return new SoloError("unauthenticated", `the capability ${id} ${how}`, {
    hint: "have its owner grant another one: `solo capability grant`",
    details: { capability: id },
  });
}

export function tooMany(where: string, most: number): SoloError {
  return new SoloError("limit_exceeded", `${where} are ${most} capabilities already, which is the most`, {
    hint: "revoke some, or give them an expiry: `solo capability list` shows them",
  });
}
