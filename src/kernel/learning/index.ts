export { learnedOf } from "./learned.ts";
export { recorderLost } from "./recorder-lost.ts";
export { ServiceUses } from "./service-uses.ts";
