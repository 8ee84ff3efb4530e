export { checkInput } from "../http/check-input.ts";
export { type Code, type CodeFormat, codeFormats, deployCode } from "./deploy-code.ts";
export { merged } from "./merged.ts";
