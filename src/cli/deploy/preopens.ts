import { SoloError } from "../../api/index.ts";

/** `--dir GUEST=HOST` words as a map of guest paths to absolute folders of this machine; `--dir FOLDER` keeps its name. */
export function preopensOf(words: readonly string[], placed: (folder: string) => string): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf("=");
      const guest = equals === -1 ? word : word.slice(0, equals);
      const host = equals === -1 ? word : word.slice(equals + 1);
      if (guest === "" || host === "") {
        throw new SoloError("usage", `--dir expects GUEST=HOST, got ${JSON.stringify(word)}`, {
          hint: "such as --dir /data=./data",
        });
      }
      return [guest, placed(host)];
    }),
  );
}
