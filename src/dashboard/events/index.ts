export { EventStream } from "./event-stream.tsx";
