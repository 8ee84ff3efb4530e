/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { DeployProgress, ServiceStatus } from "../../api/documents.ts";
import { readLines } from "../api/index.ts";
import { Confirm } from "../parts/index.ts";
import { may, useSession } from "../session/index.ts";

export interface ActionsProps {
  readonly status: ServiceStatus;
  /** Of the status: what is done holds for the service as it was seen, and for no other. */
  readonly etag: string | null;
  readonly onDone: () => void;
}

type Action = "restart" | "scale" | "kill";

/** What can be done to a service, each after a question. */
export function Actions({ status, etag, onDone }: ActionsProps) {
  const session = useSession();
  // As it was when the question was asked: what changes meanwhile must make it fail.
  const [asked, setAsked] = useState<{ readonly action: Action; readonly etag: string | null }>();
  if (!may(session, "operate")) return <span class="actions faint">no permission to operate</span>;
  const ask = (action: Action) => setAsked({ action, etag });
  const isStopped = status.state === "stopped";
  return (
    <div class="actions">
      <button type="button" data-key="r" onClick={() => ask("restart")}>
        Restart
      </button>
      <button type="button" onClick={() => ask("scale")}>
        Scale
      </button>
      <button type="button" class="danger" disabled={isStopped} onClick={() => ask("kill")}>
        Kill
      </button>
      {asked && (
        <ActionDialog
          action={asked.action}
          etag={asked.etag}
          status={status}
          onClose={() => {
            setAsked(undefined);
            onDone();
          }}
        />
      )}
    </div>
  );
}

interface ActionDialogProps {
  readonly action: Action;
  readonly etag: string | null;
  readonly status: ServiceStatus;
  readonly onClose: () => void;
}

function ActionDialog({ action, etag: ifMatch, status, onClose }: ActionDialogProps) {
  const { client } = useSession();
  const { service: name, tenant, replicas } = status;
  const target = { tenant, name };
  const running = status.instances.filter(({ pid }) => pid !== null).length;
  if (action === "kill") {
    const kill = async (form: FormData) => {
      await client.call("kill", { ...target, force: form.get("force") === "on" }, { ifMatch });
    };
    return (
      <Confirm title={`Kill ${name}?`} verb="Kill" danger act={kill} onClose={onClose}>
        <p>
          {running === 1 ? "Its instance ends" : `Its ${running} instances end`}, and it stays stopped until somebody
          deploys, restarts or scales it. Its state and its logs stay.
        </p>
        <label class="check">
          <input type="checkbox" name="force" /> at once, without its time to finish (SIGKILL)
        </label>
      </Confirm>
    );
  }
  const follow = async (response: Response, say: (progress: string) => void) => {
    await readLines<DeployProgress>(response, (line) => {
      if (line.type === "phase") say(`${line.message} (${line.ready} of ${line.replicas} ready)`);
    });
  };
  if (action === "scale") {
    const scale = async (form: FormData, say: (progress: string) => void) => {
      const wanted = { ...target, replicas: Number(form.get("replicas")) };
      await follow(await client.open("scale", wanted, { ifMatch }), say);
    };
    return (
      <Confirm title={`Scale ${name}`} verb="Scale" act={scale} onClose={onClose}>
        <label>
          Instances
          <input type="number" name="replicas" min={0} max={1_000} step={1} required defaultValue={String(replicas)} />
        </label>
      </Confirm>
    );
  }
  const restart = async (_: FormData, say: (progress: string) => void) =>
    follow(await client.open("restart", target, { ifMatch }), say);
  return (
    <Confirm title={`Restart ${name}?`} verb="Restart" act={restart} onClose={onClose}>
      <p>Its instances are replaced by new ones of the same revision, one after the other where there are several.</p>
    </Confirm>
  );
}
