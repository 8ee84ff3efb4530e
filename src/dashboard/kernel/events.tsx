/** @jsxImportSource preact */
import { EventStream } from "../events/index.ts";
import { NotAllowed } from "../parts/index.ts";
import { may, useSession } from "../session/index.ts";

export function Events() {
  const session = useSession();
  return (
    <>
      <h1>Events</h1>
      {may(session, "read") ? <EventStream /> : <NotAllowed what="events" permission="read" />}
    </>
  );
}
