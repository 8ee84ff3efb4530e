/** @jsxImportSource preact */
import type { ComponentType } from "preact";
import { useCallback } from "preact/hooks";
import type { ServiceStatus } from "../../api/documents.ts";
import type { Permission } from "../../api/permissions.ts";
import { FailureNote, NotAllowed, StateBadge, usePoll } from "../parts/index.ts";
import { linkToService } from "../route.ts";
import { may, useSession } from "../session/index.ts";
import { Actions } from "./actions.tsx";
import { Checkpoints } from "./checkpoints.tsx";
import { Crashes } from "./crashes.tsx";
import { Logs } from "./logs.tsx";
import { Overview } from "./overview.tsx";
import { Rollouts } from "./rollouts.tsx";
import { Sandbox } from "./sandbox.tsx";
import { ServiceEvents } from "./service-events.tsx";

export interface TabProps {
  readonly name: string;
  readonly status: ServiceStatus;
}

interface Tab {
  readonly key: string;
  readonly title: string;
  readonly permission: Permission;
  readonly View: ComponentType<TabProps>;
}

const overview: Tab = { key: "overview", title: "Overview", permission: "read", View: Overview };
const tabs: readonly Tab[] = [
  overview,
  { key: "logs", title: "Logs", permission: "logs", View: Logs },
  { key: "events", title: "Events", permission: "read", View: ServiceEvents },
  { key: "checkpoints", title: "Checkpoints", permission: "read", View: Checkpoints },
  { key: "rollouts", title: "Rollouts", permission: "read", View: Rollouts },
  { key: "sandbox", title: "Sandbox", permission: "read", View: Sandbox },
  { key: "crashes", title: "Crashes", permission: "logs", View: Crashes },
];

export interface ServiceProps {
  readonly name: string;
  readonly tab: string | undefined;
}

/** One service, by its parts. */
export function Service({ name, tab }: ServiceProps) {
  const session = useSession();
  const { client, tenant } = session;
  const load = useCallback(
    (signal: AbortSignal) => client.call("status", { tenant, name }, { signal }),
    [client, tenant, name],
  );
  const { value, failure, refresh } = usePoll(load, everyMs);
  if (!may(session, "read")) return <NotAllowed what="services" permission="read" />;
  const { title, permission, View } = tabs.find(({ key }) => key === tab) ?? overview;
  return (
    <>
      <div class="bar">
        <h1>
          <a href="#/services" class="up" aria-label="All services">
            ‹
          </a>{" "}
          {name}
        </h1>
        {value && <StateBadge state={value.document.state} />}
        {value?.document.url && (
          <a href={value.document.url} rel="noreferrer" target="_blank" class="url">
            {value.document.url}
          </a>
        )}
        {value && <Actions status={value.document} etag={value.etag} onDone={refresh} />}
      </div>
      <nav class="tabs" aria-label={`Parts of ${name}`}>
        {tabs.map((each, index) => (
          <a
            key={each.key}
            href={linkToService(name, each.key)}
            data-key={index + 1}
            aria-current={each.title === title ? "page" : undefined}
          >
            {each.title}
          </a>
        ))}
      </nav>
      {failure && <FailureNote failure={failure} />}
      {!may(session, permission) ? (
        <NotAllowed what={title.toLowerCase()} permission={permission} />
      ) : (
        value && <View name={name} status={value.document} />
      )}
    </>
  );
}

/** Between looks at one service, in milliseconds: it is measured once a second. */
const everyMs = 1_000;
