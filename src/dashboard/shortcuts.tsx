/** @jsxImportSource preact */
import { useEffect, useRef } from "preact/hooks";

/** What keys do, wherever one is. Views add their own by `data-key` on what they would click, or focus. */
const keys = [
  ["?", "this help"],
  ["/", "search or filter"],
  ["g s", "services"],
  ["g e", "events"],
  ["g k", "kernel"],
  ["g c", "capabilities"],
  ["g a", "audit"],
  ["j k", "next and previous row of a list"],
  ["Enter", "open the row"],
  ["1–7", "the parts of a service"],
  ["p", "pause and go on with logs"],
  ["r", "restart the service, after a question"],
  ["Esc", "close, or leave a field"],
] as const;

const goals = new Map([
  ["s", "services"],
  ["e", "events"],
  ["k", "kernel"],
  ["c", "capabilities"],
  ["a", "audit"],
]);

/** Listens to keys that are pressed outside of fields and dialogs. */
export function useShortcuts(onHelp: () => void): void {
  useEffect(() => {
    let pending = "";
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
      const { target } = event;
      if (target instanceof HTMLElement && target.matches("input, select, textarea")) {
        if (event.key === "Escape") target.blur();
        return;
      }
      const prefix = pending;
      pending = event.key === "g" && prefix === "" ? "g" : "";
      if (pending !== "") return;
      const goal = prefix === "g" ? goals.get(event.key) : undefined;
      if (goal !== undefined) location.hash = `#/${goal}`;
      else if (event.key === "?") onHelp();
      else if (event.key === "j" || event.key === "k") moveInRows(event.key === "j" ? 1 : -1);
      else if (!press(event.key)) return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onHelp]);
}

/** @returns false when nothing in sight has this key */
function press(key: string): boolean {
  const element = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (element === null) return false;
  element.focus();
  if (!element.matches("input")) element.click();
  return true;
}

function moveInRows(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const { activeElement } = document;
  const at = activeElement instanceof HTMLElement ? rows.indexOf(activeElement) : -1;
  rows[at === -1 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </dialog>
  );
}
