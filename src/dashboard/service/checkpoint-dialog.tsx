/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import type { CheckpointDocument, CheckpointRestore } from "../../api/checkpoints.ts";
import { type ApiFailure, toFailure } from "../api/index.ts";
import { Confirm, FailureNote, moment, Time } from "../parts/index.ts";
import { linkToService } from "../route.ts";
import { useSession } from "../session/index.ts";

export type CheckpointAction =
  | { readonly type: "create" }
  /** Without a checkpoint, a time is asked for. */
  | { readonly type: "restore"; readonly checkpoint?: CheckpointDocument }
  | { readonly type: "fork"; readonly checkpoint: CheckpointDocument }
  | { readonly type: "delete"; readonly checkpoint: CheckpointDocument };

export interface CheckpointDialogProps {
  readonly name: string;
  readonly action: CheckpointAction;
  readonly onClose: () => void;
}

export function CheckpointDialog({ name, action, onClose }: CheckpointDialogProps) {
  const { client, tenant } = useSession();
  const target = { tenant, name };
  if (action.type === "create") {
    const create = async () => void (await client.call("checkpointCreate", target));
    return (
      <Confirm title={`Make a checkpoint of ${name}`} verb="Make" act={create} onClose={onClose}>
        <p>Of its state as it is now, without stopping it.</p>
      </Confirm>
    );
  }
  const { checkpoint } = action;
  if (action.type === "restore") {
    const restore = async (form: FormData) => {
      const point = checkpoint ? { id: checkpoint.id } : { time: toTime(form.get("time")) };
      await client.call("checkpointRestore", { ...target, ...point });
    };
    return (
      <Confirm title={`Restore ${name}?`} verb="Restore" danger act={restore} onClose={onClose}>
        {checkpoint ? <RestorePlan name={name} id={checkpoint.id} /> : <TimeField />}
        <p class="hint">Its instances are started anew. A checkpoint of what is there now is made before.</p>
      </Confirm>
    );
  }
  if (checkpoint === undefined) return null;
  if (action.type === "fork") {
    const fork = async (form: FormData) => {
      const as = String(form.get("as"));
      await client.call("checkpointFork", { ...target, id: checkpoint.id, as });
      location.hash = linkToService(as);
    };
    return (
      <Confirm title={`Fork ${name}`} verb="Fork" act={fork} onClose={onClose}>
        <p>
          Another service of the same revision, whose state is that of <Time at={checkpoint.created} />.
        </p>
        <label>
          Its name
          <input
            name="as"
            required
            pattern="[A-Za-z0-9_\-]{1,64}"
            title="up to 64 letters, digits, _ and -"
            autocomplete="off"
            defaultValue={`${name}-fork`}
          />
        </label>
      </Confirm>
    );
  }
  const remove = async () => void (await client.call("checkpointDelete", { ...target, id: checkpoint.id }));
  return (
    <Confirm title="Delete the checkpoint?" verb="Delete" danger act={remove} onClose={onClose}>
      <p>
        <code>{checkpoint.id}</code> of {moment(checkpoint.created)} is gone then, for good.
      </p>
    </Confirm>
  );
}

/** What a restore would do, as the kernel says, before anything is done. */
function RestorePlan({ name, id }: { readonly name: string; readonly id: string }) {
  const { client, tenant } = useSession();
  const [plan, setPlan] = useState<CheckpointRestore>();
  const [failure, setFailure] = useState<ApiFailure>();
  useEffect(() => {
    client.call("checkpointRestore", { tenant, name, id, dry_run: true }).then(
      ({ document }) => setPlan(document),
      (thrown: unknown) => setFailure(toFailure(thrown)),
    );
  }, [client, tenant, name, id]);
  if (failure) return <FailureNote failure={failure} />;
  if (plan === undefined) return <p class="hint">Looking what would change…</p>;
  return (
    <>
      <p>
        Its state becomes that of position {plan.restored_position}, written at <Time at={plan.restored_time} />.
        Everything that was written since is undone.
      </p>
      {plan.warnings.map((warning) => (
        <p class="note" key={warning}>
          {warning}
        </p>
      ))}
    </>
  );
}

function TimeField() {
  return (
    <label>
      To what it was at
      <input type="datetime-local" name="time" step={1} required defaultValue={localTime(new Date())} />
    </label>
  );
}

/** What the field means: a time on the reader's own clock. */
function toTime(field: FormDataEntryValue | null): string {
  return new Date(String(field)).toISOString();
}

function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
