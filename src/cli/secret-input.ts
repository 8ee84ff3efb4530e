import { readFileSync } from "node:fs";
import { SoloError } from "../api/index.ts";
import { secretNameForm, secretNamePattern } from "../api/secret-name.ts";
import { Interrupted } from "./streams/interrupted.ts";

/** A value on its way to the kernel. */
export interface SecretInput {
  readonly value: string;
  readonly encoding: "utf8" | "base64";
}

/**
 * The name of the secret that is meant.
 * @param value what stands behind it, which must be nothing: it is not repeated
 */
export function secretName(name: string | undefined, value?: string): string {
  if (value !== undefined) {
    throw new SoloError(
      "usage",
      "a value does not belong on the command line: other programs and the shell's history see it",
      {
        hint: "give it on standard input, or by --file; take the one that you wrote for known, and use another",
      },
    );
  }
  if (name === undefined) {
    throw new SoloError("usage", "missing argument NAME", { hint: "`solo secrets list` shows the names that exist" });
  }
  if (secretNamePattern.test(name)) return name;
  throw new SoloError("invalid_name", "this is no secret's name", { hint: `use ${secretNameForm}` });
}

/**
 * The value: a file byte for byte; standard input without a newline at its end; on a terminal what is typed, unseen.
 * @throws SoloError `usage` for an empty one, `file_not_found`
 */
export async function secretInput(file: string | undefined, prompt: string): Promise<SecretInput> {
  const bytes = file === undefined ? await fromInput(prompt) : fromFile(file);
  if (bytes.length === 0) {
    throw new SoloError("usage", "the value is empty", { hint: "`solo secrets delete NAME` removes a secret" });
  }
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return { value: text, encoding: "utf8" };
  return { value: bytes.toString("base64"), encoding: "base64" };
}

/** A line from standard input, which a terminal does not show. */
export async function hiddenLine(prompt: string): Promise<string> {
  return (await fromInput(prompt)).toString("utf8");
}

/** The first line of a file, such as one with a passphrase. */
export function lineOf(file: string): string {
  return withoutNewline(fromFile(file)).toString("utf8");
}

function fromFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SoloError("file_not_found", `${file}: can't be read`, { hint: "check the path", cause });
  }
}

async function fromInput(prompt: string): Promise<Buffer> {
  if (process.stdin.isTTY) return Buffer.from(await typed(prompt));
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return withoutNewline(Buffer.concat(chunks));
}

function withoutNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/** What is typed up to Enter. Backspace takes back; Control-C and Control-D give up: exit 130. */
function typed(prompt: string): Promise<string> {
  const { stdin } = process;
  // First, so that nothing that is typed at once is shown.
  stdin.setRawMode(true);
  process.stderr.write(`${prompt}: `);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let text = "";
    const end = (finish: () => void) => {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write("\n");
      finish();
    };
    const take = (keys: string) => {
      for (const key of keys) {
        if (key === "\r" || key === "\n") return end(() => resolve(text));
        if (key === "\u0003" || key === "\u0004") {
          return end(() => reject(new Interrupted("SIGINT")));
        }
        text = key === "\u007f" || key === "\b" ? [...text].slice(0, -1).join("") : text + key;
      }
    };
    stdin.on("data", take);
  });
}
