import { z } from "zod";
import { sandboxModes } from "./spec.ts";

/** What `solo sandbox show` tells. */

const portList = z.union([z.literal("any"), z.array(z.int())]);

export const pathGrantSchema = z.object({
  path: z.string(),
  read: z.boolean(),
  write: z.boolean(),
  execute: z.boolean(),
  /**
   * `system`: what any program needs; `program`: its own files; `instance`: its own folders and output; `argument`: named by
   * an argument, or the folder of what is named; as written otherwise.
   */
  origin: z.enum(["system", "program", "instance", "working_directory", "argument", "declared"]),
});
export type PathGrantDocument = z.infer<typeof pathGrantSchema>;

export const mechanismSchema = z.object({
  name: z.string(),
  available: z.boolean(),
  detail: z.string(),
});

/** What the operating system says of one process. */
export const confinedInstanceSchema = z.object({
  id: z.string(),
  pid: z.int().nullable(),
  /** Whether it was started confined: it can't get privileges, which nothing can undo. */
  confined: z.boolean(),
  /** From 0 (may do whatever the user may) to 100. */
  score: z.int(),
  no_new_privileges: z.boolean(),
  /** Whether it sees its own processes only. */
  own_processes: z.boolean(),
  /** Number of seccomp filters. */
  filters: z.int(),
  /** How many capabilities the process, or a program that it starts, can have. */
  capabilities: z.int(),
  open_files: z.int().nullable(),
  file_bytes: z.int().nullable(),
  core_bytes: z.int().nullable(),
});
export type ConfinedInstanceDocument = z.infer<typeof confinedInstanceSchema>;

/** Something that a sandbox refused, as far as the service's own words tell. */
export const sandboxRefusalSchema = z.object({
  access: z.enum(["read", "write", "connect", "listen"]),
  /** A path, or a port; null where the words name none. */
  target: z.union([z.string(), z.int()]).nullable(),
  /** The line of its log that tells of it. */
  line: z.string(),
});
export type SandboxRefusal = z.infer<typeof sandboxRefusalSchema>;

/** A refusal that was told, with what would allow it. */
export const toldRefusalSchema = sandboxRefusalSchema.omit({ line: true }).extend({
  time: z.iso.datetime(),
  instance: z.string(),
  advice: z.string(),
});

/** What a service in audit mode was seen to use beyond what it is allowed by itself. */
export const learnedSchema = z.object({
  revision: z.string(),
  since: z.iso.datetime(),
  updated: z.iso.datetime(),
  /** Calls of the system that could not be looked at. */
  unseen: z.int(),
  used: z.array(
    z.object({
      access: z.enum(["read", "write", "execute", "connect", "listen"]),
      /** A path, at whose end a slash stands for all in a folder; or a port, 0 for one that the system chose. */
      target: z.union([z.string(), z.int()]),
      /** Whether what is declared would allow it. */
      allowed: z.boolean(),
    }),
  ),
  /** Methods of other services that it called, or wanted to; whether `allow` lets it. */
  calls: z.array(z.object({ service: z.string(), method: z.string(), allowed: z.boolean() })),
  /** Operations of the API that it asked for by its own token. */
  operations: z.array(z.string()),
  /** Whether it used `ctx.state`. */
  state: z.boolean(),
  /** The least that allows all of it. */
  least: z.object({
    read: z.array(z.string()),
    write: z.array(z.string()),
    connect: portList,
    listen: portList,
    call: z.array(z.string()),
  }),
  /** What else is said of the sandbox, which stays as it is; what is as by default is left out. */
  kept: z.object({
    inherit_env: z.array(z.string()).optional(),
    max_files: z.int().optional(),
    max_processes: z.int().optional(),
    max_file_bytes: z.int().optional(),
  }),
  /** What is declared and was not used. */
  unused: z.array(z.object({ setting: z.string(), value: z.string() })),
  /** Uses that are not among the least, and why. */
  left_out: z.array(z.object({ access: z.string(), target: z.string(), reason: z.string() })),
});
export type LearnedDocument = z.infer<typeof learnedSchema>;

export const sandboxDocumentSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  revision: z.string(),
  mode: z.enum(sandboxModes),
  /** The lowest of its instances'; what this machine would reach when none runs. */
  score: z.int(),
  mechanisms: z.array(mechanismSchema),
  /** Empty without a sandbox. In audit mode others are open too: what is in no list is recorded. */
  paths: z.array(pathGrantSchema),
  connect: portList,
  listen: portList,
  /** What it is allowed beyond its own, in its owner's words. */
  declared: z.object({ read: z.array(z.string()), write: z.array(z.string()), connect: portList, listen: portList }),
  instances: z.array(confinedInstanceSchema),
  /** What its words told of being refused, of the latest events; oldest first. */
  refused: z.array(toldRefusalSchema),
  /** What the present revision was seen to use; null when it was never in audit mode. */
  learned: learnedSchema.nullable(),
});
export type SandboxDocument = z.infer<typeof sandboxDocumentSchema>;
