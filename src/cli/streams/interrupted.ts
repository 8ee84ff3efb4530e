/** The user ended the command with Ctrl-C (130) or someone terminated it (143). There is nothing more to say. */
export class Interrupted extends Error {
  readonly exit: 130 | 143;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.exit = signal === "SIGINT" ? 130 : 143;
  }
}
