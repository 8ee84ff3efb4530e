import { formatSize, type SandboxDocument } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { relativeTime } from "./relative-time.ts";
import { renderTable } from "./table.ts";

/** What a service may reach, and what the system says of its processes. */
export function renderSandbox(sandbox: SandboxDocument, view: View): string {
  const { style } = view;
  const head = `${style.bold(`${sandbox.tenant}/${sandbox.service}`)}  ${scored(sandbox, view)}`;
  if (sandbox.mode === "off")
    return `${head}\n\nIt has no sandbox: it may do whatever the user may whose kernel this is.`;
  const declared = (right: "write" | "read") =>
    sandbox.paths.filter((grant) => grant.origin !== "system" && (right === "write" ? grant.write : !grant.write));
  const facts: [string, string][] = [
    ["mode", sandbox.mode],
    ["connect", ports(sandbox.connect)],
    ["listen", ports(sandbox.listen)],
    ...declared("write").map(({ path, origin }, index): [string, string] => [
      index === 0 ? "write" : "",
      `${path}  ${style.dim(origin)}`,
    ]),
    ...declared("read").map(({ path, origin }, index): [string, string] => [
      index === 0 ? "read" : "",
      `${path}  ${style.dim(origin)}`,
    ]),
    ["", style.dim("and the system's programs, libraries and names (--json lists them)")],
  ];
  return [
    head,
    sandbox.mode === "audit" ? style.red(auditMode) : "",
    indented(renderFacts(facts, view)),
    refusals(sandbox, view),
    learned(sandbox, view),
    mechanisms(sandbox, view),
    instances(sandbox, view),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const auditMode =
  "AUDIT: no file and no port is refused to it. What it uses is recorded; `solo capability suggest` turns it into a sandbox.";

/** Uses that are shown; --json has them all. */
const mostShown = 30;

function learned({ learned: found, service }: SandboxDocument, view: View): string {
  if (found === null) return "";
  const { style, now } = view;
  const title = `${style.bold("used beyond its own")}  since ${relativeTime(found.since, now)}`;
  const { used, calls, unseen } = found;
  const rows = [
    ...used.map(({ access, target, allowed }) => ({ access: String(access), target: String(target), allowed })),
    ...calls.map(({ service: target, method, allowed }) => {
      return { access: "call", target: `${target}.${method}`, allowed };
    }),
  ];
  const table = renderTable(
    rows.slice(0, mostShown),
    [
      { title: "ACCESS", value: ({ access }) => access },
      { title: "WHAT", value: ({ target }) => target },
      { title: "DECLARED", value: ({ allowed }) => (allowed ? "yes" : "no") },
    ],
    view,
  );
  const more = rows.length > mostShown ? style.dim(`and ${rows.length - mostShown} more (--json lists them)`) : "";
  const blind = unseen > 0 ? style.yellow(`${unseen} calls of ${service} could not be looked at`) : "";
  const body = rows.length === 0 ? style.dim("nothing yet") : table;
  return [title, body, more, blind].filter((part) => part !== "").join("\n");
}

function refusals({ refused }: SandboxDocument, { style, now }: View): string {
  if (refused.length === 0) return "";
  const lines = refused.map(({ instance, time, advice }) => `  ${instance}, ${relativeTime(time, now)}: ${advice}`);
  return [style.yellow("refused lately"), ...lines].join("\n");
}

function scored({ mode, score }: SandboxDocument, { style }: View): string {
  const text = `${score}/100`;
  if (mode === "off" || score < 50) return style.red(text);
  return score < 90 ? style.yellow(text) : style.green(text);
}

function mechanisms({ mechanisms: all, mode }: SandboxDocument, { style }: View): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const present = (name: string) =>
    mode === "audit" && unusedInAudit.has(name) ? style.red("not used") : style.green("enforced");
  return all
    .map(({ name, available, detail }) => {
      const mark = available ? present(name) : style.red("missing ");
      return `  ${mark}  ${name.padEnd(width)}  ${style.dim(detail)}`;
    })
    .join("\n");
}

/** What audit mode does without. */
const unusedInAudit: ReadonlySet<string> = new Set(["files", "tcp ports", "truncation"]);

function instances({ instances: all }: SandboxDocument, view: View): string {
  if (all.length === 0) return "";
  const size = (bytes: number | null) => (bytes === null ? "unlimited" : formatSize(bytes));
  return renderTable(
    all,
    [
      { title: "INSTANCE", value: ({ id }) => id },
      { title: "PID", value: ({ pid }) => String(pid ?? "-"), align: "right" },
      { title: "CONFINED", value: ({ confined }) => (confined ? "yes" : "NO") },
      { title: "OTHER PROCESSES", value: ({ own_processes }) => (own_processes ? "hidden" : "seen") },
      { title: "NEW PRIVILEGES", value: (instance) => (instance.no_new_privileges ? "none" : "possible") },
      { title: "FILTERS", value: ({ filters }) => String(filters), align: "right" },
      { title: "CAPABILITIES", value: ({ capabilities }) => String(capabilities), align: "right" },
      { title: "FILES", value: ({ open_files }) => String(open_files ?? "unlimited"), align: "right" },
      { title: "FILE SIZE", value: ({ file_bytes }) => size(file_bytes), align: "right" },
    ],
    view,
  );
}

function ports(allowed: SandboxDocument["connect"]): string {
  if (allowed === "any") return "any port";
  return allowed.length === 0 ? "none" : allowed.join(", ");
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
