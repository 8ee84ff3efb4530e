import { describe, expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/index.ts";
import { type Consumer, Mailbox, type Message } from "../../../../src/traffic/mailbox/index.ts";

/** Consumers whose work ends when the test says so. */
class Bench {
  now = 0;
  limit = 10_000;
  consumers: Consumer[] = [{ id: "one", room: 1 }];
  readonly delivered: string[] = [];
  readonly dropped: string[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly mailbox = new Mailbox<Consumer>({
    name: "shop",
    clock: { monotonic: () => this.now },
    limit: () => this.limit,
    consumers: () => this.consumers,
  });

  put(name: string, { sender = "a", deadline = Number.POSITIVE_INFINITY } = {}): Message<Consumer> {
    const message: Message<Consumer> = {
      sender,
      deadline,
      deliver: (consumer) => {
        this.delivered.push(`${name}>${consumer.id}`);
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#ends.set(name, resolve);
        return promise;
      },
      drop: (reason) => void this.dropped.push(`${name}: ${reason instanceof Error ? reason.message : reason}`),
    };
    this.mailbox.put(message);
    return message;
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    // Whoever is told of it is told in the turns that follow.
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }

  names(): string[] {
    return this.delivered.map((entry) => entry.split(">")[0] ?? "");
  }
}

describe("order", () => {
  test("one sender's messages keep their order", async () => {
    const bench = new Bench();
    for (const name of ["1", "2", "3"]) bench.put(name);
    for (const name of ["1", "2"]) await bench.end(name);
    expect(bench.names()).toEqual(["1", "2", "3"]);
  });

  test("senders take turns: one that floods delays another by one message at a time", async () => {
    const bench = new Bench();
    for (let count = 0; count < 100; count++) bench.put(`flood-${count}`, { sender: "flooder" });
    bench.put("quiet-1", { sender: "quiet" });
    bench.put("quiet-2", { sender: "quiet" });
    for (let turn = 0; turn < 5; turn++) await bench.end(bench.names().at(-1) ?? "");
    expect(bench.names()).toEqual(["flood-0", "flood-1", "quiet-1", "flood-2", "quiet-2", "flood-3"]);
  });

  test("consumers compete: the one with the fewest in work gets the next, none more than it has room for", () => {
    const bench = new Bench();
    bench.consumers = [
      { id: "one", room: 2 },
      { id: "two", room: 1 },
    ];
    for (const name of ["1", "2", "3", "4"]) bench.put(name);
    const takers = bench.delivered.map((entry) => entry.split(">")[1]);
    expect(takers.toSorted()).toEqual(["one", "one", "two"]);
    expect(bench.mailbox.stats).toMatchObject({ waiting: 1, inFlight: 3, delivered: 3 });
  });
});

describe("bounds", () => {
  test("a full mailbox refuses with the time after which to try again", () => {
    const bench = new Bench();
    bench.consumers = [];
    for (let count = 0; count < 10_000; count++) bench.put(`${count}`);
    try {
      bench.put("one too many");
      throw new Error("it was not refused");
    } catch (error) {
      expect(error).toBeInstanceOf(SoloError);
      if (!(error instanceof SoloError)) return;
      expect(error.code).toBe("limit_exceeded");
      expect(error.details).toMatchObject({ bound: "queue", limit: 10_000, retry_after_ms: 1_000 });
    }
    expect(bench.mailbox.stats).toMatchObject({ waiting: 10_000, refused: 1 });
  });

  test("a sender of whom nothing waits finds a place though another has filled the mailbox, up to a tenth more", () => {
    const bench = new Bench();
    bench.consumers = [];
    bench.limit = 20;
    for (let count = 0; count < 20; count++) bench.put(`${count}`, { sender: "flooder" });
    bench.put("first", { sender: "quiet" });
    expect(() => bench.put("second", { sender: "quiet" })).toThrow("20 messages wait");
    bench.put("other", { sender: "another" });
    expect(() => bench.put("more", { sender: "a third" })).toThrow("20 messages wait");
  });
});

describe("deadlines", () => {
  test("an expired message is never delivered, neither when room is found nor before it is swept", async () => {
    const bench = new Bench();
    bench.put("busy");
    bench.put("late", { deadline: 100 });
    bench.put("in time", { deadline: 300 });
    bench.now = 200;
    await bench.end("busy");
    expect(bench.names()).toEqual(["busy", "in time"]);
    expect(bench.dropped).toEqual(["late: expired"]);
  });

  test("what has waited too long leaves room, though nobody takes anything", () => {
    const bench = new Bench();
    bench.consumers = [];
    bench.limit = 2;
    bench.put("1", { deadline: 100 });
    bench.put("2", { deadline: 900 });
    bench.now = 500;
    bench.mailbox.expire();
    expect(bench.mailbox.stats).toMatchObject({ waiting: 1, expired: 1 });
    expect(() => bench.put("3")).not.toThrow();
  });
});

describe("ends", () => {
  test("a message that was withdrawn is not delivered; one that was delivered can't be withdrawn", async () => {
    const bench = new Bench();
    const first = bench.put("1");
    const second = bench.put("2");
    expect(bench.mailbox.withdraw(first)).toBe(false);
    expect(bench.mailbox.withdraw(second)).toBe(true);
    await bench.end("1");
    expect(bench.names()).toEqual(["1"]);
  });

  test("what waits when the mailbox is cleared is told why", () => {
    const bench = new Bench();
    bench.consumers = [];
    bench.put("1");
    bench.mailbox.clear(new Error("stopped"));
    expect(bench.dropped).toEqual(["1: stopped"]);
    expect(bench.mailbox.waiting).toBe(0);
  });

  test("a consumer that goes is waited for until it is done, and no longer than it gets", async () => {
    const bench = new Bench();
    bench.put("1");
    let drained = false;
    const drain = bench.mailbox.drain("one", 60_000).then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    await bench.end("1");
    await drain;
    bench.put("2");
    await bench.mailbox.drain("one", 1);
    await bench.mailbox.drain("nobody", 60_000);
  });
});
