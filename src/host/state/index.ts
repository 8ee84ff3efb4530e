export { StateChannel, sharedChannel } from "./channel.ts";
export { migrate } from "./migrate.ts";
export { ChannelState } from "./state.ts";
