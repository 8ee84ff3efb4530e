export { type GrpcDoorOptions, openGrpcDoor } from "./door.ts";
