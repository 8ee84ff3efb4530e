export { checkInput } from "./check-input.ts";
export { type Code, type CodeFormat, codeFormats, type Deployed, type Deployer, deployCode } from "./deploy-code.ts";
export { type Door, openDoor } from "./door.ts";
export { idempotencyKeyFrom } from "./idempotency-key.ts";
export { merged } from "./merged.ts";
