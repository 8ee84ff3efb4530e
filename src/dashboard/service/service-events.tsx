/** @jsxImportSource preact */
import { EventStream } from "../events/index.ts";
import type { TabProps } from "./service.tsx";

/** What happened to one service. */
export function ServiceEvents({ name }: TabProps) {
  return <EventStream name={name} />;
}
