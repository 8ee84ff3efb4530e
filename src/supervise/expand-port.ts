/** `$PORT` or `${PORT}` in an argument or a variable becomes the instance's port; `$PORTAL` stays as it is. */
export function expandPort(text: string, port: number): string {
  return text.replace(/\$\{PORT\}|\$PORT\b/g, String(port));
}
