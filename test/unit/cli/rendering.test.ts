import { describe, expect, test } from "bun:test";
import type { LogLine, ServiceRow } from "../../../src/api/index.ts";
import { parseMoment } from "../../../src/cli/moment.ts";
import { logLineRenderer, renderServiceList } from "../../../src/cli/render/index.ts";
import { relativeTime } from "../../../src/cli/render/relative-time.ts";
import { renderTable } from "../../../src/cli/render/table.ts";
import { isInteractive, showsColors, styleFor } from "../../../src/cli/style.ts";
import type { View } from "../../../src/cli/view.ts";

const view = async (width = Number.POSITIVE_INFINITY): Promise<View> => ({ style: await styleFor({}), width, now: 0 });

describe("a table", () => {
  const columns = [
    { title: "NAME", value: ({ name }: { name: string }) => name, shrinks: true },
    { title: "N", value: ({ name }: { name: string }) => String(name.length), align: "right" as const },
  ];

  test("has columns as wide as their content, and no spaces at line ends", async () => {
    const lines = renderTable([{ name: "a" }, { name: "longer-name" }], columns, await view()).split("\n");
    expect(lines).toEqual(["NAME          N", "a             1", "longer-name  11"]);
  });

  test("gives up width where it may when the terminal is narrow", async () => {
    const [, line] = renderTable([{ name: "abcdefghijklmnop" }], columns, await view(14)).split("\n");
    expect(line).toBe("abcdefghi…  16");
  });

  test("counts wide characters as two columns", async () => {
    const [, first, second] = renderTable([{ name: "日本" }, { name: "abcd" }], columns, await view()).split("\n");
    expect(first).toBe("日本  2");
    expect(second).toBe("abcd  4");
  });
});

test("a list without services says how to get one", async () => {
  expect(renderServiceList({ services: [] }, await view())).toContain("solo deploy");
});

test("a list fits into 80 columns", async () => {
  const row: ServiceRow = {
    service: "a-service-with-quite-a-long-name",
    tenant: "default",
    revision: "abc",
    kind: "command",
    state: "crash_loop",
    replicas: 100,
    ready: 100,
    restarts: 12_345,
    uptime_ms: 400_000_000,
    rss_bytes: 123_400_000,
    cpu_percent: 123.4,
    url: "http://a-service-with-quite-a-long-name.localhost:8000/",
    sandbox: "off",
  };
  for (const line of renderServiceList({ services: [row] }, await view(80)).split("\n")) {
    expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
  }
});

test("a list on a narrow terminal shows whole addresses or none", async () => {
  const row: ServiceRow = {
    service: "hello",
    tenant: "default",
    revision: "abc",
    kind: "source",
    state: "ready",
    replicas: 3,
    ready: 3,
    restarts: 0,
    uptime_ms: 118_000,
    rss_bytes: 131_200_000,
    cpu_percent: 0,
    url: "http://hello.localhost:8000/",
    sandbox: "enforce",
  };
  const at = async (width: number) => renderServiceList({ services: [row] }, await view(width)).split("\n");
  expect(await at(42)).toEqual(["SERVICE  STATE  READY  UPTIME    MEMORY", "hello    ready    3/3  1m 58s  131.2 MB"]);
  expect((await at(80))[1]).toContain(row.url ?? "");
});

test("log lines name their instance once there is a second one", async () => {
  const line = (instance: string): LogLine => ({
    type: "log",
    time: "2026-01-01T00:00:00.000Z",
    service: "web",
    instance,
    stream: "stdout",
    level: "info",
    message: "hello",
    cursor: "1",
  });
  const shown = await view();
  const render = logLineRenderer({ timestamps: false });
  expect(["a", "a", "b", "a"].map((instance) => render(line(instance), shown))).toEqual([
    "hello",
    "hello",
    "b | hello",
    "a | hello",
  ]);
  expect(logLineRenderer({ timestamps: true })(line("a"), shown)).toBe("2026-01-01T00:00:00.000Z hello");
});

describe("colours", () => {
  const terminal = { isTTY: true };
  test.each([
    ["on a terminal", terminal, {}, true],
    ["off a terminal", {}, {}, false],
    ["with NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    ["with an empty NO_COLOR", terminal, { NO_COLOR: "" }, true],
    ["with FORCE_COLOR off a terminal", {}, { FORCE_COLOR: "1" }, true],
    ["with FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false],
    ["with both", terminal, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
    ["on a dumb terminal", terminal, { TERM: "dumb" }, false],
  ])("%s", (_, stream, env, expected) => {
    expect(showsColors(stream, env)).toBe(expected);
  });

  test("and drawing are for people, not for CI", () => {
    expect(isInteractive(terminal, {})).toBe(true);
    expect(isInteractive(terminal, { CI: "true" })).toBe(false);
    expect(isInteractive(terminal, { TERM: "dumb" })).toBe(false);
    expect(isInteractive({}, {})).toBe(false);
  });
});

test("times are understood as people write them", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(parseMoment("10m", "--since", now)).toBe("2026-01-31T11:50:00.000Z");
  expect(parseMoment("2026-01-31T13:00:00+02:00", "--since", now)).toBe("2026-01-31T11:00:00.000Z");
  expect(parseMoment("2026-01-31", "--since", now)).toBe("2026-01-31T00:00:00.000Z");
  for (const wrong of ["", "10", "yesterday", "2026-13-45"])
    expect(() => parseMoment(wrong, "--since", now)).toThrow("--since");
});

test("a moment ago is now", () => {
  expect(relativeTime("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:00:00.5Z"))).toBe("now");
  expect(relativeTime("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:03:05Z"))).toBe("3m 5s ago");
});
