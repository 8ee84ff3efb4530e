/** ink asks for `react-devtools-core` when `DEV=true`; the package is for ink's own developers and isn't installed. */
export const noDevtoolsPlugin: Bun.BunPlugin = {
  name: "no-devtools",
  setup(build) {
    build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: "no-devtools" }));
    build.onLoad({ filter: /.*/, namespace: "no-devtools" }, () => ({
      contents: "export default { initialize() {}, connectToDevTools() {} };",
      loader: "js",
    }));
  },
};
