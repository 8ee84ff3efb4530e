/** Figures and times for people. */

/** 1 kB is 1000 bytes, as the command line has it. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  const power = Math.min(Math.floor(Math.log10(count) / 3), units.length);
  const value = count / 1_000 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[power - 1]}`;
}
const units = ["kB", "MB", "GB", "TB"];

export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days) return `${days}d ${hours}h`;
  if (hours) return `${hours}h ${minutes}m`;
  return minutes ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

export function percent(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/** Of the reader's own clock: the time alone for today, else the day too. */
export function moment(time: string): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  const clock = date.toTimeString().slice(0, 8);
  if (isToday) return clock;
  const pad = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}
