export { type GrpcDoor, type GrpcDoorOptions, openGrpcDoor } from "./door.ts";
