export { type ScaffoldOptions, scaffoldService } from "./scaffold-service.ts";
export { type TemplateName, templateNames } from "./templates.ts";
