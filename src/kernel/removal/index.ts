export { foldersOf, measure, setAside } from "./folders.ts";
export { finish, finishRemovals, mark } from "./marks.ts";
