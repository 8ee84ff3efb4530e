import { expect, test } from "bun:test";
import { array, assert, constantFrom, integer, nat, property, string, uint8Array } from "fast-check";
import { formsOf } from "../../src/security/secrets/patterns.ts";
import { Redactor } from "../../src/security/secrets/redactor.ts";
import { keyBytes, open, seal } from "../../src/security/secrets/seal.ts";

const key = uint8Array({ minLength: keyBytes, maxLength: keyBytes });
const bound = array(string({ maxLength: 8 }), { maxLength: 4 });

test("what is sealed opens to the same, and twice the same is sealed differently", () => {
  assert(
    property(key, uint8Array({ maxLength: 2_000 }), bound, (by, content, to) => {
      const [one, two] = [seal(by, content, to), seal(by, content, to)];
      expect(one.equals(two)).toBe(false);
      for (const sealed of [one, two]) expect(open(by, sealed, to)).toEqual(Buffer.from(content));
    }),
  );
});

test("a changed bit, a cut end, another key and another binding are refused", () => {
  assert(
    property(key, uint8Array({ maxLength: 60 }), bound, nat(), nat(), (by, content, to, at, bit) => {
      const sealed = seal(by, content, to);
      const changed = Buffer.from(sealed);
      changed.writeUInt8((changed[at % changed.length] ?? 0) ^ (1 << (bit % 8)), at % changed.length);
      expect(open(by, changed, to)).toBeUndefined();
      expect(open(by, sealed.subarray(0, at % sealed.length), to)).toBeUndefined();
      const other = Buffer.from(by);
      other.writeUInt8((other[at % keyBytes] ?? 0) ^ (1 << (bit % 8)), at % keyBytes);
      expect(open(other, sealed, to)).toBeUndefined();
      expect(open(by, sealed, [...to, ""])).toBeUndefined();
    }),
  );
});

test("what a sealing is bound to has one encoding only: no other list of the same letters opens it", () => {
  assert(
    property(key, bound, bound, (by, one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      expect(open(by, seal(by, Buffer.from("x"), one), other) !== undefined).toBe(same);
    }),
  );
});

test("however output is split, no form of a secret is left of it, and nothing else is lost", () => {
  const letters = constantFrom("a", "b", "/", "\n", " ", "é");
  const secret = string({ unit: letters, minLength: 6, maxLength: 12 }).filter((text) => text.trim().length >= 6);
  const secrets = array(secret, { minLength: 1, maxLength: 3 });
  const words = array(string({ unit: letters, maxLength: 6 }), { maxLength: 20 });
  assert(
    property(
      secrets,
      words,
      array(nat(), { maxLength: 20 }),
      array(integer({ min: 1, max: 9 })),
      (values, text, picks, cuts) => {
        const redactor = new Redactor(values.map((value, index) => [`S${index}`, Buffer.from(value)]));
        const forms = values
          .map((value) => formsOf(Buffer.from(value)))
          .flatMap(({ plain, encoded }) => [...plain, ...encoded]);
        const parts = text.flatMap((word, index) => {
          const pick = picks[index];
          return pick === undefined
            ? [Buffer.from(word)]
            : [Buffer.from(word), forms[pick % forms.length] ?? Buffer.alloc(0)];
        });
        const whole = Buffer.concat(parts);
        const shown: Buffer[] = [];
        let held = Buffer.alloc(0);
        for (let from = 0, turn = 0; from < whole.length; turn++) {
          const size = cuts[turn % Math.max(1, cuts.length)] ?? 5;
          const input = Buffer.concat([held, whole.subarray(from, from + size)]);
          const redacted = redactor.redact(input);
          shown.push(Buffer.from(redacted.clean));
          held = Buffer.from(input.subarray(input.length - redacted.held));
          from += size;
        }
        shown.push(redactor.redact(held, true).clean);
        const clean = Buffer.concat(shown);
        const marks = /\[secret(?: S\d)?\]/g;
        const rest = clean.toString().split(marks);
        for (const form of forms) for (const piece of rest) expect(piece).not.toContain(form.toString());
        // What is left stands in the input in the same order.
        let at = 0;
        for (const piece of rest) {
          const found = whole.toString().indexOf(piece, at);
          expect(found).toBeGreaterThanOrEqual(at);
          at = found + piece.length;
        }
        if (!forms.some((form) => whole.includes(form)) && !marks.test(clean.toString())) expect(clean).toEqual(whole);
      },
    ),
  );
});
