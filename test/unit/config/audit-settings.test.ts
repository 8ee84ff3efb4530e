import { expect, test } from "bun:test";
import { auditSettings } from "../../../src/config/audit-settings.ts";
import { Refusal } from "../../../src/config/value-types.ts";

test.each(["unix:///dev/log", "udp://127.0.0.1:514", "tcp://[::1]:601", "tcp://logs.example.com:601"])(
  "a syslog server may be %s",
  (url) => {
    const { type } = auditSettings["audit.syslog"];
    expect(type.fromText(url)).toBe(url);
    expect(type.fromFile(url)).toBe(url);
  },
);

test.each(["/dev/log", "unix://dev/log", "unix:", "udp://127.0.0.1", "tls://a:6514", "tcp://user@a:601", "", 514])(
  "%p is no syslog server",
  (value) => {
    expect(auditSettings["audit.syslog"].type.fromFile(value)).toBeInstanceOf(Refusal);
  },
);

test("a webhook is http or https, without a name and password in it", () => {
  const { type } = auditSettings["audit.webhook"];
  expect(type.fromText("https://audit.example.com/records?tenant=1")).toBe(
    "https://audit.example.com/records?tenant=1",
  );
  for (const value of ["ftp://a/b", "audit.example.com", "https://me:secret@a/b", "https://"]) {
    expect(type.fromText(value)).toBeInstanceOf(Refusal);
  }
});

test("each can be none, in a file and as text, and is written so", () => {
  for (const key of ["audit.file", "audit.syslog", "audit.webhook", "audit.webhook_token_file"] as const) {
    const { type, builtIn } = auditSettings[key];
    expect([type.fromFile("none"), type.fromText("none"), builtIn(), type.toFile(null)]).toEqual([
      null,
      null,
      null,
      "none",
    ]);
  }
});
