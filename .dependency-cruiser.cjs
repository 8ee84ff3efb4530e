/** The folder directions of docs/architecture.md, as rules. Run by `bin/test imports`. */

const folders = ["cli", "client", "api", "config", "system", "kernel", "gateway", "host", "store", "dashboard"];
const leaves = ["supervise", "deploy", "traffic", "evolve", "state", "security", "observe", "discover"];

/** Which folders of src/ a folder may import from, beside itself. What isn't named here may import nothing. */
const allowed = {
  api: [],
  system: ["api"],
  store: ["api"],
  config: ["api", "system"],
  host: ["api"],
  client: ["api"],
  cli: ["api", "client", "config", "system"],
  /** A program for the browser, which the gateway serves as files. */
  dashboard: ["api"],
  gateway: ["api", "system", "config", "kernel"],
  kernel: ["api", "system", "config", "store", ...leaves],
  ...Object.fromEntries(leaves.map((leaf) => [leaf, ["api", "system", "config", "store"]])),
};

/** The text of the SDK's types, which `solo init` writes into a project. */
const notByDoor = ["^src/host/sdk/declaration\\.ts$"];

const direction = [...folders, ...leaves].map((folder) => ({
  name: `direction-${folder}`,
  comment: `src/${folder} may import from: ${allowed[folder].join(", ") || "nothing of the project"}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: {
    path: "^(src|commands|bin|test|examples)/",
    pathNot: [`^src/(${[folder, ...allowed[folder]].join("|")})/`, ...(folder === "cli" ? notByDoor : [])],
  },
}));

module.exports = {
  forbidden: [
    ...direction,
    {
      name: "direction-commands",
      comment: "A command parses, calls the client, and renders: it knows cli/, client/, config/, system/ and api/",
      severity: "error",
      from: { path: "^commands/" },
      to: { path: "^(src|bin|test|examples)/", pathNot: "^src/(cli|client|config|system|api)/" },
    },
    {
      name: "no-circle",
      comment: "Two modules that need one another to load are one module in two files. A type may close a circle within a folder",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "only-doors",
      comment: "A folder, or one inside it, is entered by its index.ts. Files of api/ may be taken one by one for the sake of a cold start",
      severity: "error",
      from: { path: "^(?:src/([^/]+)/|src/[^/]+\\.ts)" },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", "/index\\.tsx?$", "^src/api/", ...notByDoor] },
    },
    {
      name: "only-doors-for-commands",
      comment: "Commands too enter a folder by its index.ts, except cli/, which is their own, and api/",
      severity: "error",
      from: { path: "^commands/" },
      to: { path: "^src/(?!cli/|api/)[^/]+/", pathNot: "/index\\.tsx?$" },
    },
    {
      name: "no-unknown-folder",
      comment: "A new folder under src/ needs its direction above",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(allowed).join("|")})/` },
      to: {},
    },
    {
      name: "no-tests-in-product",
      comment: "The product doesn't know its tests, its build or its examples",
      severity: "error",
      from: { path: "^(src|commands)/" },
      to: { path: "^(test|bin|examples)/" },
    },
    {
      name: "resolvable",
      comment: "An import that resolves to nothing",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^(bun($|:)|solo$)" },
    },
    {
      name: "no-dev-dependency",
      comment: "The binary holds production dependencies only",
      severity: "error",
      from: { path: "^(src|commands)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|fixtures)/|\\.gen\\.ts$" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    parser: "swc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      mainFields: ["module", "main"], extensions: [".ts", ".tsx", ".js", ".json"], conditionNames: ["bun", "import", "default"] },
    builtInModules: { add: ["bun", "bun:ffi", "bun:sqlite", "bun:test"] },
  },
};
