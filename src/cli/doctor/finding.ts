/** One thing that `solo doctor` looked at. `info` is neither good nor bad, such as a kernel feature that is absent. */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "info" | "warning" | "error";
  readonly message: string;
  /** What to do about a warning or error. */
  readonly hint: string | null;
}

export function ok(name: string, message: string): Finding {
  return { name, status: "ok", message, hint: null };
}

export function info(name: string, message: string): Finding {
  return { name, status: "info", message, hint: null };
}

export function warning(name: string, message: string, hint: string): Finding {
  return { name, status: "warning", message, hint };
}

export function error(name: string, message: string, hint: string): Finding {
  return { name, status: "error", message, hint };
}
