import { expect, test } from "bun:test";
import { Confirmations, confirmationMs } from "../../../../src/gateway/mcp/confirmations.ts";

const input = { tenant: "default", name: "shop" };

test("a confirmation counts once, for the input that it was given for, whatever order its fields have", () => {
  const confirmations = new Confirmations();
  const { token } = confirmations.issue("kill", input);
  confirmations.redeem(token, "kill", { name: "shop", tenant: "default" });
  expect(() => confirmations.redeem(token, "kill", input)).toThrow("was used");
});

test("another input or another operation uses it up without being done", () => {
  const confirmations = new Confirmations();
  const first = confirmations.issue("kill", input);
  expect(() => confirmations.redeem(first.token, "kill", { ...input, name: "bank" })).toThrow("another input");
  expect(() => confirmations.redeem(first.token, "kill", input)).toThrow("was used");
  const second = confirmations.issue("kill", input);
  expect(() => confirmations.redeem(second.token, "checkpointPrune", input)).toThrow("another input");
});

test("it expires", () => {
  let now = 1_000;
  const confirmations = new Confirmations(() => now);
  const { token, expires_ms } = confirmations.issue("kill", input);
  expect(expires_ms).toBe(1_000 + confirmationMs);
  now = expires_ms;
  expect(() => confirmations.redeem(token, "kill", input)).toThrow("expired");
});

test("only so many are remembered: the oldest gives way", () => {
  const confirmations = new Confirmations();
  const tokens = Array.from({ length: 65 }, () => confirmations.issue("kill", input).token);
  const [oldest = "", second = ""] = tokens;
  expect(() => confirmations.redeem(oldest, "kill", input)).toThrow("none of this session");
  confirmations.redeem(second, "kill", input);
});

test("a guess is refused", () => {
  expect(() => new Confirmations().redeem("guess", "kill", input)).toThrow("none of this session");
});
