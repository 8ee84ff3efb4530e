import { Box, render, Text, useApp, useWindowSize } from "ink";
import { useMemo, useRef, useState } from "react";
import { formatSize, type ServiceRow, type SoloApi } from "../../api/index.ts";
import type { Style } from "../style.ts";
import { carryOut, describe, initialState, press, selectedIndex, shownRows, type TopState } from "../top/index.ts";
import { useKeys, useLogLines, useServices } from "./top-hooks.ts";
import { Charts, Logs, Table } from "./top-panes.tsx";

export interface TopOptions {
  readonly kernel: Pick<SoloApi, "list" | "logs" | "restart" | "kill" | "scale">;
  readonly tenant: string;
  /** Only these services, whose log lines are shown together; undefined: all, with the lines of the selected one. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly intervalMs: number;
  readonly style: Style;
  readonly signal: AbortSignal;
}

/** Shows services as they are, until `q` or the signal; keys act on the selected one. */
export async function drawTop(options: TopOptions): Promise<void> {
  const app = render(<Top {...options} />, {
    patchConsole: false,
    exitOnCtrlC: false,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 15,
  });
  options.signal.addEventListener("abort", () => app.unmount(), { once: true });
  await app.waitUntilExit();
}

function Top({ kernel, tenant, only, intervalMs, style, signal }: TopOptions) {
  const { exit } = useApp();
  const { columns, rows: height } = useWindowSize();
  const [state, setState] = useState<TopState>(initialState);
  const [message, setMessage] = useState<Message>();
  const { rows, problem, history } = useServices(kernel, tenant, only, intervalMs, signal);
  const shown = useMemo(() => shownRows(rows, state), [rows, state]);
  const index = selectedIndex(state, shown);
  const selected = shown[index];
  const paneHeight = state.pane === "none" ? 0 : Math.max(4, Math.floor(height * (only === undefined ? 0.3 : 0.5)));
  const page = Math.max(1, height - paneHeight - linesAround);
  const followed = only === undefined ? [selected?.service ?? ""] : [...only];
  const lines = useLogLines(kernel, tenant, state.pane === "logs" ? followed.join(" ") : "");

  // Several keys may come at once, before the next drawing.
  const latest = useRef(state);
  useKeys((key) => {
    const step = press(latest.current, key, shown, page);
    latest.current = step.state;
    setState(step.state);
    if (step.quit) exit();
    const { order } = step;
    setMessage(order === undefined ? undefined : { ok: true, text: `${describe(order)} …` });
    if (order === undefined) return;
    void carryOut(kernel, tenant, order).then(setMessage);
  });

  if (state.mode === "help") return <Help />;
  return (
    <Box flexDirection="column" height={height - 1} width={columns}>
      <Summary rows={rows} shown={shown.length} sort={state.sort} problem={problem} />
      <Table rows={shown} index={index} page={page} style={style} width={columns} />
      {state.pane === "logs" ? <Logs lines={lines} height={paneHeight} named={only !== undefined} /> : null}
      {state.pane === "charts" ? (
        <Charts row={selected} samples={history.of(selected?.service ?? "")} height={paneHeight} width={columns} />
      ) : null}
      <Footer state={state} message={message} />
    </Box>
  );
}

interface Message {
  readonly ok: boolean;
  readonly text: string;
}

interface SummaryProps {
  readonly rows: readonly ServiceRow[];
  readonly shown: number;
  readonly sort: string;
  readonly problem: string | undefined;
}

function Summary({ rows, shown, sort, problem }: SummaryProps) {
  const ready = rows.filter(({ state }) => state === "ready" || state === "completed").length;
  const cpu = rows.reduce((sum, { cpu_percent }) => sum + cpu_percent, 0);
  const memory = rows.reduce((sum, { rss_bytes }) => sum + rss_bytes, 0);
  if (problem !== undefined)
    return <Text color="red" wrap="truncate">{`${problem}; the last known state is shown`}</Text>;
  return (
    <Text wrap="truncate">
      <Text bold>{`${rows.length} ${rows.length === 1 ? "service" : "services"}`}</Text>
      {`, ${ready} well${shown === rows.length ? "" : `, ${shown} shown`}   cpu ${cpu.toFixed(1)}%   memory ${formatSize(memory)}`}
      <Text dimColor>{`   by ${sort}   ${new Date().toTimeString().slice(0, 8)}`}</Text>
    </Text>
  );
}

function Footer({ state, message }: { readonly state: TopState; readonly message: Message | undefined }) {
  if (typeof state.mode === "object")
    return <Text color="yellow">{`${describe(state.mode.confirm)}? y to do it`}</Text>;
  if (state.mode === "search") return <Text>{`/${state.search}▏ Enter keeps it, Esc ends it`}</Text>;
  if (message !== undefined)
    return (
      <Text wrap="truncate" color={message.ok ? "green" : "red"}>
        {message.text}
      </Text>
    );
  return (
    <Text dimColor wrap="truncate">
      {"↑↓ select  / search  s sort  l logs, charts  r restart  + - scale  x kill  ? help  q quit"}
    </Text>
  );
}

function Help() {
  return (
    <Box flexDirection="column">
      {helpLines.map(([keys, about]) => (
        <Text key={keys}>
          <Text bold>{keys.padEnd(14)}</Text>
          {about}
        </Text>
      ))}
      <Text dimColor>{"\nany key goes back"}</Text>
    </Box>
  );
}

const helpLines: readonly (readonly [keys: string, about: string])[] = [
  ["↑ ↓ j k", "select a service; PgUp, PgDn, Home, End, g, G go further"],
  ["/", "show those whose name or state has a text; Esc shows all"],
  ["s", "sort by name, state, cpu, memory, restarts"],
  ["l", "log lines, charts, or nothing below"],
  ["r", "restart the selected service, one instance after the other"],
  ["+ -", "one instance more, or one less (asks first)"],
  ["x", "kill the selected service (asks first)"],
  ["q, Ctrl-C", "leave; services go on"],
];

/** The summary, the heading, the footer, and one that ink keeps free. */
const linesAround = 4;
