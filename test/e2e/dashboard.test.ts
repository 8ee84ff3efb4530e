import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { z } from "zod";
import { startBrowser, type TestBrowser } from "../support/browser.ts";
import { freePort, waitFor } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

/** The dashboard of the built binary, in a real browser. */

const port = freePort();
const home = `http://127.0.0.1:${port}/`;
let env: SoloEnv;
let browser: TestBrowser;
let admin: string;
let viewer: string;

/** Says a line for every request, and keeps how many there were. */
const talker = `import { defineService } from "solo";
export default defineService({
  async fetch(request, ctx) {
    console.log("said " + new URL(request.url).pathname.slice(1));
    return Response.json(await ctx.state.increment("hits"));
  },
});`;

beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(port) } })).expect();
  (await env.run(["deploy", env.write("talker.ts", talker), "talker"])).expect();
  (await env.run(["deploy", env.write("quiet.ts", "setInterval(() => 0, 1e6)"), "quiet"])).expect();
  admin = await grant("--resource", "*", "--role", "admin");
  viewer = await grant("--resource", "service:quiet", "--permissions", "read");
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await env?.[Symbol.asyncDispose]();
});

async function grant(...words: string[]): Promise<string> {
  const granted = (await env.run(["capability", "grant", ...words, "--json"])).expect();
  return granted.json(z.object({ token: z.string() })).token;
}

async function signIn(token: string, where = "", options = {}): Promise<Page> {
  const page = await browser.newPage(options);
  await page.goto(home + where);
  await page.getByLabel("Token of a capability").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  return page;
}

const granted = { capability: z.string(), token: z.string(), expires: z.iso.datetime() };

/** A place within the page. */
const at = (hash: string) => `#/${hash}`;

describe("signing in", () => {
  test("takes a token, tells what is wrong with another, and keeps it out of the address", async () => {
    const page = await browser.newPage();
    await page.goto(home);
    const field = page.getByLabel("Token of a capability");
    await field.fill(`solo_cap_${"x".repeat(43)}`);
    await field.press("Enter");
    const told = page.getByRole("alert");
    await told.waitFor();
    expect(await told.textContent()).toContain("unauthenticated");

    await field.fill(admin);
    await field.press("Enter");
    await page.getByRole("link", { name: "talker", exact: true }).waitFor();
    expect(page.url()).not.toContain("solo_cap_");
    await page.reload();
    await page.getByRole("link", { name: "quiet", exact: true }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await field.waitFor();
    expect(await page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length")).toBe(0);
  });

  test("takes the token that `solo dashboard` shows", async () => {
    const shown = (await env.run(["dashboard", "--role", "viewer", "--json"])).expect();
    const document = shown.json(z.strictObject({ url: z.url(), tenant: z.literal("default"), ...granted }));
    expect(document.url).toBe(home);
    expect(Date.parse(document.expires) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const page = await signIn(document.token);
    await page.getByRole("link", { name: "talker", exact: true }).waitFor();
    const own = await env.run(["dashboard", "--json"], { env: { SOLO_TOKEN: viewer } });
    expect(own.expect().json(z.object({ token: z.null(), capability: z.null() }))).toBeDefined();
  });

  test("with less than all shows what the token may see, and says what it may not", async () => {
    const page = await signIn(viewer);
    await page.getByRole("link", { name: "quiet", exact: true }).click();
    await page.getByText("no permission to operate").waitFor();
    expect(await page.getByRole("button", { name: "Kill" }).count()).toBe(0);
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByText("needs the permission logs").waitFor();
    await page.goto(home + at("audit"));
    await page.getByText("needs the permission audit").waitFor();
    await page.goto(home + at("services"));
    await page.getByRole("link", { name: "quiet", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "talker", exact: true }).count()).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("ends when the token is revoked", async () => {
    const token = await grant("--resource", "tenant", "--role", "viewer");
    const page = await signIn(token);
    const listed = (await env.run(["capability", "list", "--json"])).expect();
    const known = listed.json(z.object({ capabilities: z.array(z.object({ id: z.string() })) })).capabilities;
    (await env.run(["capability", "revoke", known.at(-1)?.id ?? ""])).expect();
    await page.getByText("You were signed out").waitFor();
  });
});

describe("logs", () => {
  test("come live, can be filtered, and are paused without losing any", async () => {
    const page = await signIn(admin, at("services/talker/logs"));
    await page.getByText("live").waitFor();
    await env.fetch("talker", "/one");
    await page.getByText("said one", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused").waitFor();
    for (const word of ["two", "three", "four"]) await env.fetch("talker", `/${word}`);
    const kept = async () => (await env.run(["logs", "talker"])).stdout.includes("said four");
    await waitFor(kept, { what: "the lines to be kept" });
    expect(await page.getByText("said four", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("said four", { exact: true }).waitFor();

    await page.getByLabel("Filter lines").fill("said t");
    await page.getByText("2 of 4 lines").waitFor();
    expect(await page.locator(".line .message").allInnerTexts()).toEqual(["said two", "said three"]);
    expect(await page.locator("mark").allInnerTexts()).toEqual(["said t", "said t"]);
  });

  test("go on behind the last line after the kernel was replaced", async () => {
    const page = await signIn(admin, at("services/talker/logs"));
    await env.fetch("talker", "/before");
    await page.getByText("said before", { exact: true }).waitFor();
    (await env.run(["stop", "--keep-services", "--yes"])).expect();
    await page.getByText("connecting…").waitFor();
    (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(port) } })).expect();
    await env.fetch("talker", "/after");
    await page.getByText("said after", { exact: true }).waitFor();
    const lines = await page.locator(".line .message").allInnerTexts();
    expect(lines.slice(-2)).toEqual(["said before", "said after"]);
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe("actions", () => {
  test("ask first, show how they go on, and are for what was seen", async () => {
    const page = await signIn(admin, at("services/quiet"));
    await page.getByRole("button", { name: "Scale" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Scale" }).click();
    await page.getByLabel("Instances").fill("2");
    await page.getByRole("dialog").getByRole("button", { name: "Scale" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText("2 of 2", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Kill" }).click();
    (await env.run(["scale", "quiet", "1"])).expect();
    await page.getByRole("dialog").getByRole("button", { name: "Kill" }).click();
    const told = page.getByRole("dialog").getByRole("alert");
    await told.waitFor();
    expect(await told.textContent()).toContain("conflict");
    await page.keyboard.press("Escape");

    await page.getByText("1 of 1", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Kill" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Kill" }).click();
    await page.getByText("stopped", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    await page.getByText("ready", { exact: true }).first().waitFor();
  });

  test("make, restore and fork checkpoints", async () => {
    const page = await signIn(admin, at("services/talker/checkpoints"));
    const before = await (await env.fetch("talker", "/a")).json();
    await page.getByRole("button", { name: "Make a checkpoint" }).click();
    await page.getByRole("button", { name: "Make", exact: true }).click();
    await page.getByRole("button", { name: "Restore", exact: true }).first().waitFor();
    expect(await (await env.fetch("talker", "/b")).json()).toBe(before + 1);

    await page.getByRole("button", { name: "Restore", exact: true }).first().click();
    await page.getByText("Its state becomes that of position").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await (await env.fetch("talker", "/c")).json()).toBe(before + 1);

    await page
      .getByText("manual at position")
      .locator("xpath=ancestor::li")
      .getByRole("button", { name: "Fork" })
      .click();
    await page.getByLabel("Its name").fill("twin");
    await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
    await page.getByRole("heading", { name: "twin" }).waitFor();
    expect(await (await env.fetch("twin", "/d")).json()).toBe(before + 1);
  });
});

describe("the page", () => {
  test("can be used by the keyboard alone", async () => {
    const page = await browser.newPage();
    const { keyboard } = page;
    const focused = () => page.evaluate<string>("document.activeElement.textContent.trim()");
    await page.goto(home);
    await keyboard.type(admin);
    await keyboard.press("Enter");
    await page.getByRole("link", { name: "talker", exact: true }).waitFor();
    await keyboard.press("/");
    await keyboard.type("talk");
    await page.getByRole("link", { name: "quiet", exact: true }).waitFor({ state: "detached" });
    await keyboard.press("Escape");
    await keyboard.press("j");
    expect(await focused()).toBe("talker");
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: "talker" }).waitFor();
    await page.getByRole("heading", { name: "Instances" }).waitFor();
    await keyboard.press("3");
    await page.getByText("service deployed").waitFor();
    await keyboard.press("r");
    await page.getByRole("dialog").waitFor();
    expect(await focused()).toBe("Cancel");
    await keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Restart");
    await keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await keyboard.press("Escape");
    await keyboard.press("g");
    await keyboard.press("k");
    await page.getByRole("heading", { name: "Kernel" }).waitFor();
  });

  test("fits a phone, and is dark where that is wanted", async () => {
    const page = await signIn(admin, "", { width: 360, height: 740, dark: true });
    const places = ["services", "services/talker", "services/talker/logs", "services/talker/sandbox"];
    for (const place of [...places, "services/talker/checkpoints", "events", "kernel", "capabilities", "audit"]) {
      await page.goto(home + at(place));
      await page.getByRole("heading").first().waitFor();
      await page.waitForLoadState("networkidle", { timeout: 300 }).catch(() => undefined);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect([place, width]).toEqual([place, 360]);
    }
    expect(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe("rgb(19, 19, 24)");
  });

  test("draws what instances use", async () => {
    const page = await signIn(admin, at("services/talker"));
    await page.getByRole("img", { name: "Memory" }).locator("canvas").waitFor();
    const painted = () =>
      page.evaluate<boolean>(
        `document.querySelector("canvas").getContext("2d").getImageData(80, 0, 400, 100).data.some(Boolean)`,
      );
    await waitFor(painted, { what: "a line in the chart" });
  });

  test("gave no reason to complain: no script failed, and nothing broke its content security policy", () => {
    expect(browser.complaints).toEqual([]);
  });
});

test("revisions are compared by what each had of the requests", async () => {
  const answering = (text: string) => `export default { fetch: () => new Response("${text}") };`;
  (await env.run(["deploy", env.write("two.ts", answering("one")), "two"])).expect();
  const page = await signIn(admin, at("services/two/rollouts"));
  await page.getByText("No instance has had a request").waitFor();
  const row = (words: string) => page.getByRole("row").filter({ hasText: words });
  const ask = async () => void (await (await env.fetch("two")).text());
  const seen = async (words: string) => {
    await ask();
    return (await row(words).count()) > 0;
  };
  await waitFor(() => seen("wanted"), { what: "the traffic of the first revision" });
  (await env.run(["deploy", env.write("two.ts", answering("two")), "two"])).expect();
  await waitFor(() => seen("before"), { what: "the traffic of both revisions" });
  await waitFor(() => seen("wanted"), { what: "the traffic of the second revision" });
  expect(await row("before").textContent()).toMatch(/\d %.*≤ [\d.]+ ms.*two-/);
});
