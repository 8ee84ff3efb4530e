export { StateChannel } from "./channel.ts";
export { ChannelState } from "./state.ts";
