import { describe, expect, test } from "bun:test";
import { newToken } from "../../../../src/security/capability/token.ts";
import { Redaction } from "../../../../src/security/secrets/redaction.ts";
import { Redactor } from "../../../../src/security/secrets/redactor.ts";

const secret = "p@ss w0rd/+?";
const redactor = new Redactor([["KEY", Buffer.from(secret)]]);

describe("a value is found", () => {
  const forms: [how: string, text: string][] = [
    ["as it is", secret],
    ["twice", `${secret} and ${secret}`],
    ["in JSON", JSON.stringify({ key: secret })],
    ["URL-encoded", `https://host/?k=${encodeURIComponent(secret)}`],
    [
      "URL-encoded in small letters",
      encodeURIComponent(secret).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    ],
    ["as a form's field", new URLSearchParams({ k: secret }).toString()],
    ["in hexadecimal", Buffer.from(secret).toString("hex")],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in base64url", Buffer.from(secret).toString("base64url")],
    ["in the base64 of something longer", Buffer.from(`user:${secret}:x`).toString("base64")],
    ["… at the second offset", Buffer.from(`u:${secret}x`).toString("base64")],
    ["… at the third", Buffer.from(`us:${secret}`).toString("base64")],
  ];
  test.each(forms)("%s", (_, text) => {
    const clean = redactor.text(text);
    expect(clean).toContain("[secret KEY]");
    for (const rest of [secret, "w0rd", Buffer.from(secret).toString("hex")]) expect(clean).not.toContain(rest);
  });
});

test("lines of a key file are found one by one, its frame is none of them", () => {
  const pem = [
    "-----BEGIN PRIVATE KEY-----",
    "MC4CAQAwBQYDK2VwBCIEIF8",
    "kT9zqmCw8pDDYtk0aaXJQ1u",
    "-----END PRIVATE KEY-----",
  ];
  const ofKey = new Redactor([["TLS", Buffer.from(`${pem.join("\n")}\n`)]]);
  expect(ofKey.text(`x ${pem[1]} y\nx ${pem[2]} y\n${pem[0]}`)).toBe(`x [secret TLS] y\nx [secret TLS] y\n${pem[0]}`);
});

test("a value too short to be told from ordinary words is left, and so is what only resembles one", () => {
  const short = new Redactor([["PIN", Buffer.from("1234")]]);
  expect(short.text("1234")).toBe("1234");
  expect(redactor.text("p@ss w0rd/+ p@ss")).toBe("p@ss w0rd/+ p@ss");
  const input = Buffer.from("nothing to hide\n");
  expect(redactor.redact(input)).toEqual({ clean: input, held: 0, found: false });
});

test("the beginning of a value is held back at the end of a piece, and goes when nothing follows", () => {
  const first = redactor.redact(Buffer.from(`key: ${secret.slice(0, 8)}`));
  expect([first.clean.toString(), first.held]).toEqual(["key: ", 8]);
  expect(redactor.redact(Buffer.from(`${secret}!`)).clean.toString()).toBe("[secret KEY]!");
  expect(redactor.redact(Buffer.from(secret.slice(0, 8)), true).clean.toString()).toBe("[secret]");
  expect(redactor.redact(Buffer.from("tip p"), true).clean.toString()).toBe("tip p");
});

test("a value that begins with another one is hidden whole", () => {
  const both = new Redactor([
    ["SHORT", Buffer.from("abcdefgh")],
    ["LONG", Buffer.from("abcdefghijkl")],
  ]);
  const first = both.redact(Buffer.from("x abcdefgh"));
  expect([first.clean.toString(), first.held]).toEqual(["x ", 8]);
  expect(both.text("x abcdefghijkl y")).toBe("x [secret LONG] y");
  expect(both.text("x abcdefgh y")).toBe("x [secret SHORT] y");
});

test("a long value is hidden wherever a long enough part of it stands, also where it overlaps itself", () => {
  const long = Buffer.from(
    Array.from({ length: 40_000 }, (_, index) => String.fromCharCode(97 + ((index * index) % 26))).join(""),
  );
  const ofLong = new Redactor([["BIG", long]]);
  const { clean, held } = ofLong.redact(Buffer.concat([Buffer.from("a: "), long, Buffer.from("\nz")]));
  expect([clean.toString(), held]).toEqual(["a: [secret BIG]\nz", 0]);
  const same = new Redactor([["A", Buffer.from("aaaaaaaa")]]);
  expect(same.redact(Buffer.alloc(131_072, "a"), true).clean.toString()).toBe("[secret A]");
});

test("however many secrets there are, and however long, each is found as it is", () => {
  const long = (index: number) => Buffer.from(`${index}-`.repeat(20_000));
  const many = Array.from({ length: 8 }, (_, index): [string, Buffer] => [`S${index}`, long(index)]);
  const ofMany = new Redactor([["FIRST", Buffer.from("first value")], ...many, ["LAST", Buffer.from("last value")]]);
  const text = `first value, last value, ${long(3).toString()}, ${Buffer.from("last value").toString("hex")}`;
  expect(ofMany.text(text)).toBe("[secret FIRST], [secret LAST], [secret S3], [secret LAST]");
});

test("each service's secrets are its own; a tenant's events hide those of all its services", () => {
  const redaction = new Redaction();
  const [web, api] = [
    { tenant: "t", name: "web" },
    { tenant: "t", name: "api" },
  ];
  expect([redaction.of(web).text("one"), redaction.ofTenant("t").text("one")]).toEqual(["one", "one"]);
  redaction.learn(web, "KEY", Buffer.from("first value"));
  expect(redaction.text(web, "a first value")).toBe("a [secret KEY]");
  redaction.learn(web, "KEY", Buffer.from("second value"));
  expect(redaction.text(web, "first value, second value")).toBe("[secret KEY], [secret KEY]");
  expect(redaction.text(api, "first value")).toBe("first value");
  expect(redaction.data("t", { reason: ["second value", { deep: "x second value" }], pid: 3 })).toEqual({
    reason: ["[secret KEY]", { deep: "x [secret KEY]" }],
    pid: 3,
  });
  const other = { reason: "second value" };
  expect(redaction.data("other", other)).toEqual(other);
});

describe("tokens of capabilities", () => {
  const token = newToken();
  const none = new Redactor([]);

  test("are hidden whoever writes them, alone, in JSON and in a header, and with a secret beside them", () => {
    expect(none.text(token)).toBe("[token]");
    expect(none.text(`authorization: Bearer ${token}\n`)).toBe("authorization: Bearer [token]\n");
    expect(none.text(JSON.stringify({ token, id: "cap-1" }))).toBe('{"token":"[token]","id":"cap-1"}');
    expect(redactor.text(`${secret} ${token}${token}`)).toBe("[secret KEY] [token][token]");
    expect(new Redactor([["TOKEN", Buffer.from(token)]]).text(token)).toBe("[secret TOKEN]");
    expect(new Redaction().data("acme", { nested: [{ error: `no ${token}` }] })).toEqual({
      nested: [{ error: "no [token]" }],
    });
  });

  test("are told from what only resembles one", () => {
    for (const text of ["solo_cap_", "solo_cap_short", token.slice(0, -1), "solo_cap_solo_cap_"]) {
      expect(none.text(`${text} and more`)).toBe(`${text} and more`);
    }
  });

  test("are hidden wherever their pieces are read apart, and nothing else is held for long", () => {
    const whole = Buffer.from(`progress ${token}: yes, solo\n`);
    for (let cut = 0; cut <= whole.length; cut++) {
      const first = none.redact(whole.subarray(0, cut));
      expect(first.held).toBeLessThan(token.length);
      const rest = Buffer.concat([whole.subarray(cut - first.held, cut), whole.subarray(cut)]);
      const shown = Buffer.concat([first.clean, none.redact(rest, true).clean]).toString();
      expect(shown).toBe("progress [token]: yes, solo\n");
    }
    expect(none.redact(Buffer.from(token.slice(0, 20)), true).clean.toString()).toBe("[token]");
    expect(none.redact(Buffer.from("progress"), true).clean.toString()).toBe("progress");
  });
});
