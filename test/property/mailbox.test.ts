import { test } from "bun:test";
import fc from "fast-check";
import { type Consumer, Mailbox, type Message } from "../../src/traffic/mailbox/index.ts";

type Step =
  | { readonly act: "put"; readonly sender: string; readonly lifeMs: number }
  | { readonly act: "withdraw"; readonly index: number }
  | { readonly act: "end"; readonly index: number }
  | { readonly act: "wait"; readonly ms: number }
  | { readonly act: "room"; readonly room: number }
  | { readonly act: "expire" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    act: fc.constant("put" as const),
    sender: fc.constantFrom("a", "b", "c"),
    lifeMs: fc.integer({ min: 1, max: 100 }),
  }),
  fc.record({ act: fc.constant("withdraw" as const), index: fc.nat(30) }),
  fc.record({ act: fc.constant("end" as const), index: fc.nat(30) }),
  fc.record({ act: fc.constant("wait" as const), ms: fc.nat(50) }),
  fc.record({ act: fc.constant("room" as const), room: fc.nat(3) }),
  fc.record({ act: fc.constant("expire" as const) }),
);

interface Sent extends Message<Consumer> {
  readonly number: number;
  state: "waiting" | "in work" | "done" | "dropped" | "withdrawn";
  end: () => void;
}

test("every message ends once: delivered in its sender's order before its deadline, dropped or withdrawn; counts add up", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 120 }), async (script) => {
      let now = 0;
      let room = 1;
      const sent: Sent[] = [];
      const last = new Map<string, number>();
      const limit = 8;
      const mailbox = new Mailbox<Consumer>({
        name: "it",
        clock: { monotonic: () => now },
        limit: () => limit,
        consumers: () => [
          { id: "x", room },
          { id: "y", room: Math.max(0, room - 1) },
        ],
      });
      const put = (sender: string, lifeMs: number) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const message: Sent = {
          number: sent.length,
          sender,
          deadline: now + lifeMs,
          state: "waiting",
          end: resolve,
          deliver: () => {
            if (message.state !== "waiting")
              throw new Error(`${message.number} was delivered when it was ${message.state}`);
            if (message.deadline <= now) throw new Error(`${message.number} was delivered after its deadline`);
            if ((last.get(sender) ?? -1) > message.number) throw new Error(`${message.number} was overtaken`);
            last.set(sender, message.number);
            message.state = "in work";
            return promise;
          },
          drop: () => {
            if (message.state !== "waiting")
              throw new Error(`${message.number} was dropped when it was ${message.state}`);
            message.state = "dropped";
          },
        };
        sent.push(message);
        try {
          mailbox.put(message);
        } catch {
          sent.pop();
        }
      };
      const count = (state: Sent["state"]) => sent.filter((message) => message.state === state).length;
      for (const step of script) {
        if (step.act === "put") put(step.sender, step.lifeMs);
        else if (step.act === "wait") now += step.ms;
        else if (step.act === "expire") mailbox.expire();
        else if (step.act === "room") {
          ({ room } = step);
          mailbox.pump();
        } else {
          const message = sent[step.index % Math.max(1, sent.length)];
          if (message === undefined) continue;
          if (step.act === "withdraw") {
            if (mailbox.withdraw(message)) message.state = "withdrawn";
          } else if (message.state === "in work") {
            message.state = "done";
            message.end();
            for (let turn = 0; turn < 4; turn++) await Promise.resolve();
          }
        }
        const { waiting, inFlight } = mailbox.stats;
        if (waiting !== count("waiting") || inFlight !== count("in work")) throw new Error("the counts don't add up");
        if (waiting > limit + 1) throw new Error(`${waiting} wait`);
      }
    }),
    { numRuns: 300 },
  );
});
