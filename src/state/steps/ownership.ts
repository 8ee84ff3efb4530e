import type { SoloError } from "../../api/error.ts";
import type { ClaimAnswer } from "../../api/steps.ts";
import type { View } from "../core/types.ts";
import { type Caller, durable, ownerOf, type StepParts } from "./parts.ts";
import { begunRecord, put, read, remove } from "./records.ts";

/** Something that one process at a time has, from one kernel to the next: whose it is is in its record. */
export interface Owned {
  /** Of the record in `meta`, behind `prefix`. */
  readonly key: string;
  /** What the keys of all such things begin with. */
  readonly prefix: string;
  /** Among the claims of this kernel. */
  readonly claim: string;
  /** Whether it counts as begun while nobody has it. */
  readonly isListed: boolean;
  /** Its result, when it has ended. */
  readonly find: (view: Pick<View, "get">) => Uint8Array | undefined;
  /** Why no further one can be begun. */
  readonly refuse: () => SoloError | undefined;
}

/** How it stands for a process that asks for it; `begun`: not ended, and free, or its own already. */
type Standing = "new" | "begun" | "taken" | "ended";

/** The result if it has ended; else it is the caller's, unless another living process has it, which is waited for a while. */
export async function begin(parts: StepParts, caller: Caller, owned: Owned): Promise<ClaimAnswer> {
  const { state, claims } = parts;
  const owner = ownerOf(caller);
  for (let held = false; ; held = true) {
    const answer = await claim(parts, owned.claim, owner, () => owned.find(state));
    if (answer.state !== "claimed") return answer;
    const standing = await own(parts, caller, owned);
    if (standing === "new" || standing === "begun") return { state: "claimed", is_fresh: standing === "new" };
    claims.drop(owned.claim, owner);
    if (standing === "ended") continue;
    if (held) return { state: "busy" };
    await claims.changed(owned.claim);
  }
}

/** It failed, and is whoever's comes next. */
export async function abandon(
  parts: StepParts,
  caller: Caller,
  { key, prefix, claim, isListed }: Owned,
): Promise<void> {
  const { state, claims, tally } = parts;
  const owner = ownerOf(caller);
  let removed = 0;
  try {
    await state.commit(
      (view) => {
        removed = 0;
        const begun = begunAt(view, key);
        if (begun?.owner !== owner) return [];
        if (isListed) return [put("meta", key, { ...begun, owner: null })];
        removed = 1;
        return [remove("meta", key)];
      },
      { origin: caller.instance, durability: "sync" },
    );
    tally.add("meta", prefix, -removed);
  } finally {
    claims.drop(claim, owner);
  }
}

export function begunAt(view: View, key: string) {
  const stored = view.get("meta", key);
  return stored && read(begunRecord, stored);
}

/** A result, or a claim on the work, waiting a while for another process that has it. */
export async function claim(
  parts: StepParts,
  key: string,
  owner: string,
  find: () => Uint8Array | undefined,
): Promise<ClaimAnswer> {
  const { claims } = parts;
  for (let held = false; ; held = true) {
    const result = find();
    if (result !== undefined) {
      await durable(parts);
      return { state: "done", result };
    }
    if (claims.take(key, owner)) return { state: "claimed" };
    if (held) return { state: "busy" };
    await claims.changed(key);
  }
}

/** Makes it the caller's, where it is nobody's. */
async function own(parts: StepParts, caller: Caller, owned: Owned): Promise<Standing> {
  const { state, tally, claims } = parts;
  const { key, prefix } = owned;
  const owner = ownerOf(caller);
  const found: { standing: Standing } = { standing: "taken" };
  try {
    await state.commit(
      (view) => {
        const begun = begunAt(view, key);
        const standing = standingOf(parts, view, owned, owner);
        found.standing = standing;
        if (standing === "taken" || standing === "ended" || begun?.owner === owner) return [];
        const refused = standing === "new" ? owned.refuse() : undefined;
        return refused ?? [put("meta", key, { begun: begun?.begun ?? view.time, owner })];
      },
      { origin: caller.instance, durability: "sync" },
    );
  } catch (error) {
    claims.drop(owned.claim, owner);
    throw error;
  }
  if (found.standing === "new") tally.add("meta", prefix, 1);
  return found.standing;
}

/**
 * Asked within the entry that makes it the caller's: the claims of this kernel know nothing of a process that had it before
 * this kernel, and that one may have ended it since its result was looked for.
 */
function standingOf(parts: StepParts, view: View, { key, find }: Owned, owner: string): Standing {
  if (find(view) !== undefined) return "ended";
  const begun = begunAt(view, key);
  if (begun === undefined) return "new";
  const holder = begun.owner ?? owner;
  return holder === owner || !parts.isAlive(holder) ? "begun" : "taken";
}
