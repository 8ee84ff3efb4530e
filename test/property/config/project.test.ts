import { test } from "bun:test";
import fc from "fast-check";
import { serviceSpecSchema } from "../../../src/api/spec.ts";
import { ConfigDocument, tryParseDocument } from "../../../src/config/document.ts";
import { formatProblem, type Problem } from "../../../src/config/problem.ts";
import { readProject } from "../../../src/config/project/project.ts";

const duration = (max = 3_600) => fc.integer({ min: 1, max }).map((seconds) => `${seconds}s`);
const probe = {
  http: fc.constantFrom("/", "/health?x=1", "http://127.0.0.1:1/a"),
  interval: duration(),
  timeout: duration(),
  success: fc.integer({ min: 1, max: 100 }),
  failure: fc.integer({ min: 1, max: 1_000 }),
};
const ownProbe = fc.oneof(
  fc.constant(false),
  fc.record({ ...probe, tcp: fc.constant(true) }, { requiredKeys: [] }).map(withOneKind),
);
const service = fc.record(
  {
    source: fc.constantFrom("a.ts", "/abs/a.js", "../up", "~/home.ts"),
    args: fc.array(fc.string()),
    env: fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), fc.string(), { noNullPrototype: true }),
    cwd: fc.constantFrom(".", "/tmp"),
    replicas: fc.integer({ min: 0, max: 1_000 }),
    restart: fc.record(
      {
        policy: fc.constantFrom("permanent", "transient", "temporary"),
        max: fc.nat(1_000_000),
        within: duration(),
        backoff: fc.constantFrom("1ms..1d", "5s"),
      },
      { requiredKeys: [] },
    ),
    health: fc.record(
      { ...probe, grace: duration(), startup: ownProbe, readiness: ownProbe, liveness: ownProbe },
      { requiredKeys: ["http"] },
    ),
    stop_grace: duration(),
    logs: fc.record({ bytes: fc.integer({ min: 1, max: 900 }).map((megabytes) => `${megabytes}MB`) }),
  },
  { requiredKeys: ["source"] },
);

test("every service within the bounds of a file is within the bounds of the API, and reads back the same", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), service, { noNullPrototype: true }), (services) => {
      const { project, problems } = read(JSON.stringify({ service: services }));
      if (problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"));
      for (const { spec } of project.services) {
        if (!Bun.deepEquals(serviceSpecSchema.parse(spec), spec))
          throw new Error("a normal form changed when it was read again");
      }
      if (project.services.length !== Object.keys(services).length) throw new Error("a service was lost");
    }),
  );
});

test("whatever a file holds is either read or refused with a place inside the file", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const name = fc.constantFrom(
    "source",
    "wasm",
    "command",
    "env",
    "replicas",
    "restart",
    "health",
    "depends_on",
    "route",
    "logs",
    "preopens",
    "x",
  );
  const inner = fc.constantFrom(
    "http",
    "tcp",
    "exec",
    "liveness",
    "startup",
    "policy",
    "backoff",
    "host",
    "bytes",
    "a",
    "b",
  );
  const nested = fc.oneof(value, fc.dictionary(inner, fc.oneof(value, fc.dictionary(inner, value))));
  const tables = fc.dictionary(fc.constantFrom("a", "b", "c d"), fc.oneof(value, fc.dictionary(name, nested)));
  fc.assert(
    fc.property(
      fc.record({ service: fc.oneof(value, tables), group: fc.oneof(value, tables) }, { requiredKeys: [] }),
      (file) => {
        const text = JSON.stringify(file, null, 2);
        const lines = text.split("\n");
        for (const { line, column, message } of read(text).problems) {
          const length = lines[line - 1]?.length ?? -1;
          if (column < 1 || column > length + 1 || message === "")
            throw new Error(`${line}:${column} ${message}\n${text}`);
        }
      },
    ),
    { numRuns: 500 },
  );
});

function read(text: string) {
  const document = tryParseDocument(text, "solo.json");
  if (!(document instanceof ConfigDocument)) return { project: { services: [], groups: [] }, problems: [document] };
  const problems: Problem[] = [];
  const place = {
    folder: "/project",
    home: "/home/ada",
    elsewhere: false,
    defaults: { stop_grace_ms: 1, log_bytes: 1_000_000 },
  };
  return { project: readProject(document, place, problems), problems };
}

/** Two kinds at once are a mistake of their own. */
function withOneKind({ http, tcp, ...rest }: { http?: string; tcp?: boolean }): object {
  return { ...rest, ...(tcp ? { tcp } : http === undefined ? {} : { http }) };
}
