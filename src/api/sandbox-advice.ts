import type { SandboxRefusal } from "./sandbox.ts";

/** What was refused, and the setting and the flag that would allow it, as one sentence. */
export function refusalAdvice(service: string, { access, target }: SandboxRefusal): string {
  const what = { read: "to read", write: "to write", connect: "to connect to", listen: "to listen on" }[access];
  const isPort = access === "connect" || access === "listen";
  const shown = target === null ? (isPort ? "PORT" : "PATH") : String(target);
  const named = target === null ? (isPort ? "a TCP port" : "a path") : isPort ? `port ${shown}` : shown;
  const setting = `${access} = [${isPort ? shown : JSON.stringify(shown)}]`;
  const own = access === "write" ? "; its own folder to write in is $STATE_DIRECTORY" : "";
  return `the sandbox refused ${what} ${named}: allow it by \`${setting}\` in [service.${service}.sandbox] or by --allow-${access} ${shown}${own}`;
}
