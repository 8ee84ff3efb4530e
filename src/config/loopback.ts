/** Whether a host's name or address is one that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    /^(\[::1\]|::1)$/.test(host) ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}
