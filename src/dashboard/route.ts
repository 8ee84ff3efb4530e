import { useEffect, useState } from "preact/hooks";

/** Where somebody is: the part of the address behind `#`, which is never sent to anybody. */
export type Route =
  | { readonly page: Page }
  | { readonly page: "service"; readonly name: string; readonly tab: string | undefined };

const pages = ["services", "events", "kernel", "capabilities", "audit"] as const;
export type Page = (typeof pages)[number];

function routeOf(hash: string): Route {
  const [page, name, tab] = hash.replace(/^#\/?/, "").split("/");
  if (page === "services" && name) return { page: "service", name, tab };
  return { page: pages.find((known) => known === page) ?? "services" };
}

export function linkToService(name: string, tab?: string): string {
  return `#/services/${name}${tab === undefined ? "" : `/${tab}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const onChange = () => setRoute(routeOf(location.hash));
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}
