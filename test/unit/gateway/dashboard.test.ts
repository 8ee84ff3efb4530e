import { expect, test } from "bun:test";
import { dashboardAssets } from "../../../src/gateway/http/dashboard/assets.ts";
import { serveDashboard } from "../../../src/gateway/http/dashboard/index.ts";

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  serveDashboard(new Request(`http://localhost${path}`, { method, headers }), path);

test("the page has no script and no style of its own, and a policy that allows none", async () => {
  const page = await get("/");
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?:/);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(page.headers.get("cache-control")).toBe("no-cache");
});

test("its files are there for good, zipped for who can read that; what is unchanged is not sent again", async () => {
  const html = await (await get("/")).text();
  const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  expect(paths).toHaveLength(3);
  for (const path of paths) {
    const plain = await get(path);
    expect([path, plain.status, plain.headers.get("cache-control")]).toEqual([
      path,
      200,
      "public, max-age=31536000, immutable",
    ]);
    const zipped = await get(path, { "accept-encoding": "br, gzip" });
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(Bun.gunzipSync(new Uint8Array(await zipped.arrayBuffer()))).toEqual(
      new Uint8Array(await plain.arrayBuffer()),
    );
    expect((await get(path, { "if-none-match": plain.headers.get("etag") ?? "" })).status).toBe(304);
  }
});

test("other files are not there, and other methods not taken", async () => {
  for (const path of ["/dashboard/index-00000000.js", "/dashboard/", "/dashboard/../tcp-door.ts"]) {
    expect((await get(path)).status).toBe(404);
  }
  expect((await get("/", {}, "POST")).status).toBe(405);
  expect((await get("/", {}, "HEAD")).status).toBe(200);
});

test("what the first view loads is small, and holds no validator and no chart", async () => {
  const { files, script, style } = await dashboardAssets();
  const zipped = (name: string) => Bun.gzipSync(Buffer.from(files[name]?.content ?? "")).length;
  expect(zipped(script) + zipped(style)).toBeLessThan(40_000);
  expect(Object.values(files).reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(200_000);
  expect(files[script]?.content).not.toMatch(/ZodType|u-legend/);
});
