/** `$PORT` or `${PORT}` in an argument or a variable becomes the instance's port; `$PORTAL` stays as it is. */
export function expandPort(text: string, port: number): string {
  return text.replace(/\$\{PORT\}|\$PORT\b/g, String(port));
}

/** The same with `$STATE_DIRECTORY`, the folder that the service may write in. */
export function expandStateDirectory(text: string, folder: string): string {
  return text.replace(/\$\{STATE_DIRECTORY\}|\$STATE_DIRECTORY\b/g, () => folder);
}
