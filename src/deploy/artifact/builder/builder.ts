import { mkdirSync } from "node:fs";
import { SoloError } from "../../../api/index.ts";
import { selfCommand } from "../../../system/index.ts";
import { sourceError } from "../source/source-error.ts";
import { BuilderProcess } from "./builder-process.ts";
import type { BuildAnswer, BuildJob, BuildOutput, BuildRequest } from "./job.ts";

/** Builds after which the process is replaced, to bound whatever its bundler keeps. */
const maxBuilds = 256;

/** Builds that may wait for their turn. */
const maxWaiting = 10_000;

interface Waiting {
  readonly resolve: (output: BuildOutput) => void;
  readonly reject: (error: SoloError) => void;
}

/** Hands builds to a process of its own, which is started when needed, replaced when it dies, and ended when idle. */
export class Builder {
  readonly #command: readonly string[];
  readonly #waiting = new Map<number, Waiting>();
  #process: BuilderProcess | undefined;
  #begun = 0;
  #nextId = 1;

  /** @param command starts the builder; by default this program itself */
  constructor(command: readonly string[] = [...selfCommand(), "__build"]) {
    this.#command = command;
  }

  /** @throws SoloError what is wrong with the input, also when the bundler died over it */
  async build(job: BuildJob): Promise<BuildOutput> {
    if (this.#waiting.size >= maxWaiting) {
      throw new SoloError("limit_exceeded", `${maxWaiting} builds are waiting already`);
    }
    mkdirSync(job.artifactsFolder, { recursive: true, mode: 0o700 });
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<BuildOutput>();
    this.#waiting.set(id, { resolve, reject });
    this.#send({ id, job });
    return promise;
  }

  #send(request: BuildRequest): void {
    if (this.#begun >= maxBuilds) {
      this.#process?.retire();
      this.#process = undefined;
    }
    this.#process ??= this.#start();
    this.#begun += 1;
    this.#process.send(request);
  }

  #start(): BuilderProcess {
    this.#begun = 0;
    const started: BuilderProcess = new BuilderProcess(this.#command, {
      answered: (answer) => this.#settle(answer),
      ending: () => {
        if (this.#process === started) this.#process = undefined;
      },
      ended: (unanswered, reason) => {
        if (this.#process === started) this.#process = undefined;
        const [culprit, ...others] = unanswered;
        if (culprit) this.#settle({ id: culprit.id, error: diedOver(culprit.job, reason).toDocument() });
        for (const request of others) this.#send(request);
      },
    });
    return started;
  }

  #settle(answer: BuildAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("output" in answer) waiting?.resolve(answer.output);
    else if ("problems" in answer) waiting?.reject(sourceError(answer.problems));
    else waiting?.reject(SoloError.fromDocument(answer.error));
  }
}

function diedOver({ kind, path }: BuildJob, reason: string): SoloError {
  const code = kind === "wasm" ? "invalid_wasm" : "invalid_source";
  return new SoloError(code, `${path} can't be built: the builder ${reason}`, {
    hint: "the bundler could not cope with this program; deploy it as a command instead, such as `solo deploy -- bun run FILE`",
  });
}
