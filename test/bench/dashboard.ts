import { z } from "zod";
import { startBrowser, type TestBrowser } from "../support/browser.ts";
import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, plainRow } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const services = 500;
const wantedMs = 300;

export const dashboard: Bench = {
  name: "dashboard",
  summary: `The dashboard in a headless Chromium without its cache, with ${services} services running: from the navigation to the first paint with content, and to the first rows of services on the screen. Browser and kernel share the cores.`,
  peers: ["chromium"],
  async run({ quick, note }) {
    const port = freePort();
    const home = `http://127.0.0.1:${port}/`;
    await using env = soloEnv();
    note(`starting ${services} services`);
    const signedIn = await start(env, port);
    await using browser = await startBrowser();
    const runs = quick ? 5 : 15;
    const first = await measure(browser, home, signedIn);
    note(`${runs} visits after one of ${Math.round(first.rows)} ms`);
    const visits = [];
    for (let run = 0; run < runs; run++) visits.push(await measure(browser, home, signedIn));
    const measureOf = (name: string) => ({ name, unit: "ms", better: "lower" }) as const;
    const paint = median(visits.map((visit) => visit.paint));
    const rows = [
      askedRow(measureOf("first paint with content"), paint, wantedMs, runs),
      plainRow(measureOf("first rows of services"), median(visits.map((visit) => visit.rows)), runs),
    ];
    await env.run(["stop", "--yes"], { timeoutMs: 60_000 });
    return rows;
  },
};

/** @returns what the page keeps of somebody who signed in */
async function start(env: SoloEnv, port: number): Promise<string> {
  const names = Array.from({ length: services }, (_, index) => `[service.crowd-${index}]`);
  const project = env.write(
    "solo.toml",
    names.map((name) => `${name}\ncommand = ["/bin/sleep", "1000000"]\n`).join("\n"),
  );
  const options = { env: { SOLO_HTTP_PORT: String(port) }, timeoutMs: 180_000 };
  (await env.run(["start"], options)).expect();
  (await env.run(["deploy", "-f", project, "--json", "--quiet", "--timeout", "170s"], options)).expect();
  const granted = (await env.run(["dashboard", "--json"])).expect();
  const { token, capability: id } = granted.json(z.object({ token: z.string(), capability: z.string() }));
  const capability = (await env.run(["capability", "show", id, "--json"])).expect().json(z.unknown());
  return JSON.stringify({ credentials: { token, tenant: "default" }, capability });
}

/** One visit of a browser that was never there; times in milliseconds since the navigation. */
async function measure(browser: TestBrowser, home: string, signedIn: string) {
  const page = await browser.newPage();
  await page.addInitScript(`
    sessionStorage.setItem("solo", ${JSON.stringify(signedIn)});
    globalThis.rowsSeen = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (document.querySelector("tbody tr") === null) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      });
      observer.observe(document, { childList: true, subtree: true });
    });`);
  await page.goto(home);
  const rows = await page.evaluate<number>("globalThis.rowsSeen");
  // Told to observers, and a moment later than what was painted.
  const paint = await page.evaluate<number>(`new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const [entry] = list.getEntriesByName("first-contentful-paint");
      if (entry) resolve(entry.startTime);
    });
    observer.observe({ type: "paint", buffered: true });
  })`);
  await page.context().close();
  return { rows, paint };
}
