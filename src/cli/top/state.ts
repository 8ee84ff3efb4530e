import type { ServiceRow } from "../../api/index.ts";

/** What `solo top` shows and is doing, as a value: every key makes the next one of it. */
export interface TopState {
  readonly sort: SortKey;
  /** The name of the service that keys are for. */
  readonly selected: string | undefined;
  readonly search: string;
  readonly pane: Pane;
  readonly mode: "browse" | "search" | "help" | Confirming;
}

/** Asks before it is done. */
export interface Confirming {
  readonly confirm: Order;
}

/** Something to be done to a service. */
export type Order =
  | { readonly verb: "restart" | "kill"; readonly name: string }
  | { readonly verb: "scale"; readonly name: string; readonly replicas: number };

const sortKeys = ["service", "state", "cpu", "memory", "restarts"] as const;
export type SortKey = (typeof sortKeys)[number];

const panes = ["logs", "charts", "none"] as const;
export type Pane = (typeof panes)[number];

export const initialState: TopState = {
  sort: "service",
  selected: undefined,
  search: "",
  pane: "logs",
  mode: "browse",
};

/** A key as it was pressed: a character, or the name of one that writes none. */
export type Key = { readonly text: string } | { readonly name: KeyName };
type KeyName = "up" | "down" | "page_up" | "page_down" | "home" | "end" | "enter" | "escape" | "backspace";

/** The next state, and what is to be done. */
export interface Step {
  readonly state: TopState;
  readonly order?: Order;
  readonly quit?: boolean;
}

/** The rows that match the search, in order. Equal ones keep the order of their names. */
export function shownRows(rows: readonly ServiceRow[], { sort, search }: TopState): ServiceRow[] {
  const wanted = search.toLowerCase();
  const matching = rows.filter(({ service, state }) => `${service} ${state}`.toLowerCase().includes(wanted));
  return matching.sort((one, other) => compare(one, other, sort) || order(one.service, other.service));
}

/**
 * What a key does.
 * @param rows those that are shown, in their order
 * @param page how many of them fit on the screen
 */
export function press(state: TopState, key: Key, rows: readonly ServiceRow[], page: number): Step {
  if (typeof state.mode === "object") return answer(state, key, state.mode.confirm);
  if (state.mode === "help") return { state: { ...state, mode: "browse" } };
  if (state.mode === "search") return { state: searching(state, key) };
  return "name" in key ? { state: moved(state, key.name, rows, page) } : command(state, key.text, rows, page);
}

/** The index of the selected row: the first one when the selected service is gone. */
export function selectedIndex({ selected }: TopState, rows: readonly ServiceRow[]): number {
  return Math.max(
    0,
    rows.findIndex(({ service }) => service === selected),
  );
}

function command(state: TopState, text: string, rows: readonly ServiceRow[], page: number): Step {
  const row = rows[selectedIndex(state, rows)];
  switch (text) {
    case "q":
      return { state, quit: true };
    case "j":
      return { state: moved(state, "down", rows, page) };
    case "k":
      return { state: moved(state, "up", rows, page) };
    case "g":
      return { state: moved(state, "home", rows, page) };
    case "G":
      return { state: moved(state, "end", rows, page) };
    case "s":
      return { state: { ...state, sort: next(sortKeys, state.sort) } };
    case "l":
      return { state: { ...state, pane: next(panes, state.pane) } };
    case "/":
      return { state: { ...state, mode: "search" } };
    case "?":
      return { state: { ...state, mode: "help" } };
    default:
      return row === undefined ? { state } : onService(state, text, row);
  }
}

function onService(state: TopState, text: string, { service: name, replicas }: ServiceRow): Step {
  switch (text) {
    case "r":
      return { state, order: { verb: "restart", name } };
    case "x":
      return { state: { ...state, mode: { confirm: { verb: "kill", name } } } };
    case "+":
      return { state, order: { verb: "scale", name, replicas: replicas + 1 } };
    case "-":
      if (replicas === 0) return { state };
      return { state: { ...state, mode: { confirm: { verb: "scale", name, replicas: replicas - 1 } } } };
    default:
      return { state };
  }
}

function answer(state: TopState, key: Key, order: Order): Step {
  const browsing = { ...state, mode: "browse" } as const;
  return "text" in key && key.text === "y" ? { state: browsing, order } : { state: browsing };
}

function searching(state: TopState, key: Key): TopState {
  if ("text" in key) return { ...state, search: state.search + key.text };
  if (key.name === "backspace") return { ...state, search: state.search.slice(0, -1) };
  if (key.name === "escape") return { ...state, mode: "browse", search: "" };
  return key.name === "enter" ? { ...state, mode: "browse" } : state;
}

function moved(state: TopState, name: KeyName, rows: readonly ServiceRow[], page: number): TopState {
  if (name === "escape") return { ...state, search: "" };
  const by = { up: -1, down: 1, page_up: -page, page_down: page, home: -rows.length, end: rows.length };
  if (!(name in by)) return state;
  const wanted = selectedIndex(state, rows) + (new Map(Object.entries(by)).get(name) ?? 0);
  const index = Math.min(Math.max(0, wanted), rows.length - 1);
  return { ...state, selected: rows[index]?.service };
}

function compare(one: ServiceRow, other: ServiceRow, sort: SortKey): number {
  if (sort === "cpu") return other.cpu_percent - one.cpu_percent;
  if (sort === "memory") return other.rss_bytes - one.rss_bytes;
  if (sort === "restarts") return other.restarts - one.restarts;
  return sort === "state" ? order(one.state, other.state) : 0;
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function next<Value>(values: readonly Value[], present: Value): Value {
  return values[(values.indexOf(present) + 1) % values.length] ?? present;
}
