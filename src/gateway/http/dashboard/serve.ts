import { createHash } from "node:crypto";
import { type DashboardAssets, dashboardAssets } from "./assets.ts";
import { filesPath, pageOf } from "./page.ts";

interface File {
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Uint8Array<ArrayBuffer>;
  /** Made when somebody first asks for it. */
  zipped: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The dashboard's page and files, which are for everybody: what they show, they ask the API for.
 * @returns 404 for a file that there is none of, such as one of another build
 */
export async function serveDashboard(request: Request, path: string): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  }
  files ??= dashboardAssets().then(filesOf);
  const file = (await files).get(path);
  if (file === undefined) return new Response("there is no such file\n", { status: 404, headers: nothing });
  if (request.headers.get("if-none-match") === file.headers.etag) {
    return new Response(null, { status: 304, headers: file.headers });
  }
  const isZipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  if (isZipped) file.zipped ??= Bun.gzipSync(file.plain);
  const headers = { ...file.headers, ...(isZipped && { "content-encoding": "gzip" }) };
  return new Response(isZipped && file.zipped ? file.zipped : file.plain, { headers });
}

let files: Promise<ReadonlyMap<string, File>> | undefined;

function filesOf(assets: DashboardAssets): ReadonlyMap<string, File> {
  const encoder = new TextEncoder();
  const page = encoder.encode(pageOf(assets));
  const all = new Map<string, File>([
    ["/", { plain: page, zipped: undefined, headers: headersOf("text/html;charset=utf-8", page, "no-cache") }],
  ]);
  for (const [name, { type, content }] of Object.entries(assets.files)) {
    const plain = encoder.encode(content);
    all.set(`${filesPath}${name}`, { plain, zipped: undefined, headers: headersOf(type, plain, forGood) });
  }
  return all;
}

function headersOf(type: string, content: Uint8Array, caching: string): Record<string, string> {
  return {
    ...safety,
    "content-type": type,
    "cache-control": caching,
    etag: `"${createHash("sha256").update(content).digest("hex").slice(0, 32)}"`,
    vary: "accept-encoding",
  };
}

/** What a browser must not do with the page, whatever gets into it. */
const safety = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
const nothing = { ...safety, "content-type": "text/plain", "cache-control": "no-store" };

/** A file's name changes with its content. */
const forGood = "public, max-age=31536000, immutable";
