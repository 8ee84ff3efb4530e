/** What stands before `--` is Solo's, what stands behind it belongs to the program. */
export function splitAtSeparator(argv: readonly string[]): { readonly own: string[]; readonly program: string[] } {
  const at = argv.indexOf("--");
  return at === -1 ? { own: [...argv], program: [] } : { own: argv.slice(0, at), program: argv.slice(at + 1) };
}
