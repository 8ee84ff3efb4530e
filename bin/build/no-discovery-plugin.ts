/**
 * Leaves out what oclif uses to find plugins and their TypeScript sources on disk, and its spinners: Solo's commands are in
 * the binary, and its progress is ink's. A third of what every command would load. Using one of them is an error at once.
 */
export const noDiscoveryPlugin: Bun.BunPlugin = {
  name: "no-discovery",
  setup(build) {
    build.onLoad({ filter: unused }, ({ path }) => {
      const name = path.split("/node_modules/").pop() ?? path;
      return { contents: `${refusal}\nmodule.exports = refuse(${JSON.stringify(name)});`, loader: "js" };
    });
  },
};

const unused =
  /\/node_modules\/(cli-spinners|minimatch|brace-expansion|tinyglobby|fdir|picomatch|lilconfig|typescript)\/.*\.(c?js|json)$/;

const refusal = `const refuse = (name) => new Proxy({}, {
  get(_, member) { throw new Error(\`\${name} is not part of this program (\${String(member)} was asked for)\`); },
});`;
