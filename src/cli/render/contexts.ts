import type { ContextRow } from "../contexts.ts";
import type { View } from "../view.ts";
import { renderTable } from "./table.ts";

export function renderContexts({ contexts }: { readonly contexts: readonly ContextRow[] }, view: View): string {
  return renderTable(
    contexts,
    [
      { title: "", value: ({ current }) => (current ? "*" : ""), paint: (text) => view.style.green(text) },
      { title: "CONTEXT", value: ({ name }) => name, paint: (text) => view.style.bold(text) },
      { title: "URL", value: ({ url }) => url, shrinks: true },
      { title: "TOKEN", value: ({ token_file }) => token_file ?? "-", shrinks: true },
    ],
    view,
  );
}
