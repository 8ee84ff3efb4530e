/** The exit code of a command that printed its result and yet has something to tell, such as 3 for "not healthy". */
export function exitWith(code: number): void {
  process.exitCode = code;
}
