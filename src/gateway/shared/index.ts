export { checkInput } from "./check-input.ts";
export { type Code, type CodeFormat, codeFormats, deployCode } from "./deploy-code.ts";
export { type Door, openDoor } from "./door.ts";
export { merged } from "./merged.ts";
