/** @jsxImportSource preact */
import type { ComponentType } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { Audit, Capabilities, Events, KernelHealth } from "./kernel/index.ts";
import { type Page, type Route, useRoute } from "./route.ts";
import { Service } from "./service/index.ts";
import { Services } from "./services/index.ts";
import { useSession } from "./session/index.ts";
import { ShortcutHelp, useShortcuts } from "./shortcuts.tsx";

export interface ShellProps {
  /** The kernel was replaced by another build. */
  readonly updated: boolean;
  readonly onSignOut: (why?: string) => void;
}

/** What stands around every view: where one is, where one can go, who one is. */
export function Shell({ updated, onSignOut }: ShellProps) {
  const route = useRoute();
  const [help, setHelp] = useState(false);
  const showHelp = useCallback(() => setHelp(true), []);
  useShortcuts(showHelp);
  useEffect(() => {
    document.title = `${route.page === "service" ? route.name : titles[route.page]} · Solo`;
  }, [route]);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <header class="top">
        <a href="#/services" class="brand">
          <span class="mark" aria-hidden="true" /> Solo
        </a>
        <nav aria-label="Main">
          {links.map(([page, title]) => (
            <a key={page} href={`#/${page}`} aria-current={isWithin(route, page) ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Who onSignOut={onSignOut} />
        <button type="button" class="quiet" onClick={showHelp} aria-label="Keys" title="Keys (?)">
          ?
        </button>
      </header>
      {updated && (
        <p class="note banner" role="status">
          Solo was updated.{" "}
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <View route={route} />
      </main>
      {help && <ShortcutHelp onClose={() => setHelp(false)} />}
    </>
  );
}

const titles: Readonly<Record<Page, string>> = {
  services: "Services",
  events: "Events",
  kernel: "Kernel",
  capabilities: "Capabilities",
  audit: "Audit",
};
const views: Readonly<Record<Page, ComponentType>> = {
  services: Services,
  events: Events,
  kernel: KernelHealth,
  capabilities: Capabilities,
  audit: Audit,
};
const links = Object.entries(titles);

function View({ route }: { readonly route: Route }) {
  if (route.page === "service") return <Service key={route.name} name={route.name} tab={route.tab} />;
  const Chosen = views[route.page];
  return <Chosen />;
}

function isWithin({ page }: Route, link: string): boolean {
  return page === link || (page === "service" && link === "services");
}

/** A link could not: the address has a meaning of its own behind `#`. */
function skip(): void {
  document.getElementById("main")?.focus();
}

function Who({ onSignOut }: Pick<ShellProps, "onSignOut">) {
  const { tenant, capability } = useSession();
  const { resource, permissions, expires } = capability;
  const title = `${capability.id}: ${permissions.join(", ")} on ${resource}${expires ? ` until ${expires}` : ""}`;
  return (
    <span class="who" title={title}>
      <span class="tenant">{tenant}</span>
      <button type="button" class="quiet" onClick={() => onSignOut()}>
        Sign out
      </button>
    </span>
  );
}
