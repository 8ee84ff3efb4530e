import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's Chromium, without a window and without a word to the outside. */
export interface TestBrowser extends AsyncDisposable {
  /** A tab of its own, as of somebody who was never here before. */
  newPage(options?: { readonly width?: number; readonly height?: number; readonly dark?: boolean }): Promise<Page>;
  /** What pages complained of so far: errors of scripts, and violations of their content security policy. */
  readonly complaints: readonly string[];
}

export async function startBrowser(): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "solo-browser-"));
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: quiet, env: { HOME: profile } });
  const complaints: string[] = [];
  const contexts: BrowserContext[] = [];
  return {
    complaints,
    newPage: async ({ width = 1200, height = 800, dark = false } = {}) => {
      const colorScheme = dark ? "dark" : "light";
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      contexts.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(error.stack ?? String(error)));
      page.on("console", (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text());
      });
      page.setDefaultTimeout(deadlineMs);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      for (const context of contexts) await context.close();
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Until something must be there that is waited for. */
const deadlineMs = 15_000;
