import { spawn } from "node:child_process";

/**
 * Shows an address in the browser of whoever sits at this machine.
 * @returns false when there is no screen, or no program that would do it
 */
export function openBrowser(url: string): Promise<boolean> {
  const hasScreen = process.platform === "darwin" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasScreen) return Promise.resolve(false);
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  return new Promise((resolve) => {
    const child = spawn(program, [url], { detached: true, stdio: "ignore" });
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
    child.unref();
  });
}
