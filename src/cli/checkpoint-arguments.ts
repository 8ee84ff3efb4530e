import { string as argument } from "@oclif/core/args";
import { integer, string } from "@oclif/core/flags";
import { SoloError } from "../api/index.ts";
import { parseMoment } from "./moment.ts";

/** What the commands about one checkpoint take. */
export const checkpointArguments = {
  name: argument({ description: "Name of the service" }),
  id: argument({ description: "Id of the checkpoint, or latest" }),
};

/** How a point of the past is named. */
export const pointFlags = {
  "to-position": integer({ description: "What was so behind this position of the log", min: 0, helpValue: "POSITION" }),
  "to-time": string({ description: "What was so at this time, or so long ago", helpValue: "TIME" }),
};

export interface PointFlags {
  readonly "to-position"?: number | undefined;
  readonly "to-time"?: string | undefined;
}

/** @throws SoloError `usage` unless exactly one point is named */
export function pointOf(id: string | undefined, flags: PointFlags): { id?: string; position?: number; time?: string } {
  const position = flags["to-position"];
  const time = flags["to-time"];
  const given = [id, position, time].filter((value) => value !== undefined).length;
  if (given !== 1) {
    const problem = given === 0 ? "no point of the past is named" : "more than one point of the past is named";
    throw new SoloError("usage", problem, {
      hint: "give one of ID (or latest), --to-position and --to-time; `solo checkpoint list NAME` shows them",
    });
  }
  if (position !== undefined) return { position };
  if (time !== undefined) return { time: parseMoment(time, "--to-time") };
  return id === undefined ? {} : { id };
}

/** @throws SoloError `usage` when it is missing */
export function checkpointId(id: string | undefined): string {
  if (id !== undefined) return id;
  throw new SoloError("usage", "missing argument ID", {
    hint: "`solo checkpoint list NAME` shows the ids; latest is the newest one",
  });
}
