/**
 * Makes oclif's modules load one another only when something of theirs is used. oclif's own `require` calls stand at the top
 * of each file, so that any command would evaluate the help renderer, template engine, plugin search and spinners: 4 of the
 * 12 ms that a command takes to start. TypeScript writes such an import as `const x_1 = require("x")` and every use of it as
 * `x_1.name`, which makes the change a mechanical one (Babel's `lazy` option does the same).
 */
export const lazyOclifPlugin: Bun.BunPlugin = {
  name: "lazy-oclif",
  setup(build) {
    build.onLoad({ filter: /@oclif\/core\/lib\/.*\.js$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      if (definitions.test(path)) return { contents: setApart(text), loader: "js" };
      return { contents: makeLazy(path.endsWith("/core/lib/command.js") ? leaveStdout(text) : text), loader: "js" };
    });
  },
};

export function makeLazy(source: string): string {
  const loads = new Map<string, string>();
  const declared = source.replace(topLevelRequire, (_, name: string, helper: string | undefined, specifier: string) => {
    loads.set(name, `(${name}$ ??= ${helper ?? ""}(require("${specifier}")))`);
    return `let ${name}$;`;
  });
  let text = declared;
  for (const [name, load] of loads) text = text.replace(new RegExp(`(?<![\\w$."'])${name}(?=\\.)`, "g"), () => load);
  return text;
}

/**
 * The files that every command defines its flags and arguments with need other ones only inside of asynchronous functions,
 * where a command line turns out to be wrong. They load them there by `import()`, so that the bundler can put all of them elsewhere.
 */
export function setApart(source: string): string {
  const loads = new Map<string, string>();
  let text = source.replace(topLevelRequire, (_, name: string, _helper: string | undefined, specifier: string) => {
    loads.set(name, `(await import("${specifier}"))`);
    return "";
  });
  for (const [name, load] of loads) text = text.replace(new RegExp(`(?<![\\w$."'])${name}(?=\\.)`, "g"), () => load);
  return text;
}

const definitions = /\/@oclif\/core\/lib\/(?:args|flags)\.js$/;

/**
 * oclif's `Command` listens for errors of `process.stdout` as soon as it is loaded, which makes Bun set that stream up, for
 * 2.5 ms. Solo's own output listens where it writes.
 */
function leaveStdout(source: string): string {
  if (!stdoutListener.test(source))
    throw new Error("oclif's Command no longer listens to stdout as it did: look again");
  return source.replace(stdoutListener, "");
}

const stdoutListener = /^process\.stdout\.on\('error', [\s\S]*?^\}\);$/m;
const topLevelRequire = /^const (\w+) = (__importStar|__importDefault)?\(?require\("([^"]+)"\)\)?;$/gm;
