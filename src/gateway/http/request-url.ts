import { SoloError } from "../../api/index.ts";

/** What of a request's URL is looked at. */
export type RequestUrl = Pick<URL, "host" | "pathname" | "search" | "searchParams">;

/**
 * Where a request goes. Bun has normalised the URL if it is one at all, so for a host that is known to be one it only has to be
 * cut into pieces: `URL` takes longer than all else that becomes of a short request.
 * @throws SoloError `invalid_request` when it names no host, or one that can't be
 */
export function urlOf({ url }: Pick<Request, "url">): RequestUrl {
  const path = url.indexOf("/", scheme.length);
  const origin = url.slice(0, path);
  if (!hosts.has(origin)) {
    if (URL.parse(url) === null) throw new SoloError("invalid_request", "the header Host names no host");
    if (hosts.size >= mostHosts) hosts.clear();
    hosts.add(origin);
  }
  return new CutUrl(url, path);
}

/** Those that clients of this kernel call it by, each with its scheme. */
const hosts = new Set<string>();
const mostHosts = 100;
const scheme = "http://";

class CutUrl implements RequestUrl {
  readonly pathname: string;
  /** With its question mark, as in a `URL`; empty when there is nothing behind it. */
  readonly search: string;
  readonly #url: string;
  readonly #path: number;

  constructor(url: string, path: number) {
    this.#url = url;
    this.#path = path;
    const hash = url.indexOf("#", path);
    const end = hash < 0 ? url.length : hash;
    const query = url.indexOf("?", path);
    const isQuery = query >= 0 && query < end;
    this.pathname = url.slice(path, isQuery ? query : end);
    this.search = isQuery && query + 1 < end ? url.slice(query, end) : "";
  }

  get host(): string {
    return this.#url.slice(scheme.length, this.#path);
  }

  get searchParams(): URLSearchParams {
    return new URLSearchParams(this.search);
  }
}
