import { expect, test } from "bun:test";
import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { certificateFacts, roleNames, unitOf } from "../../src/api/index.ts";
import { createAuthority, issue } from "../../src/security/tls/certificate.ts";

/** Whatever goes into a certificate, another parser takes out of it. */

const now = new Date("2026-11-21T12:00:00.000Z");
const authority = createAuthority("An authority", { days: 3_650, now });
const parsedAuthority = new X509Certificate(authority.certificate);

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join("."));

/** An address as somebody writes it, and as OpenSSL shows its bytes. */
const ipv4 = fc.ipV4().map((text) => ({ text, bytes: text }));
const ipv6 = fc
  .record({
    groups: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }),
    zeros: fc.tuple(fc.nat(8), fc.nat(8)),
    tail: fc.constantFrom("hex", "dotted"),
  })
  .map(({ groups, zeros, tail }) => {
    const from = Math.min(...zeros);
    const end = Math.min(Math.max(...zeros), tail === "dotted" ? 6 : 8);
    const value = groups.map((group, index) => (index >= from && index < end ? 0 : group));
    const written = value.map((group) => group.toString(16));
    const dotted = value.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    if (tail === "dotted") written.splice(6, 2, dotted.join("."));
    const text =
      end > from ? `${written.slice(0, from).join(":")}::${written.slice(end).join(":")}` : written.join(":");
    return { text, bytes: value.map((group) => group.toString(16).toUpperCase()).join(":") };
  });
const tenant = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

test("a certificate says what it was made of, and is its authority's", () => {
  const asked = fc.record({
    tenant,
    role: fc.constantFrom(...roleNames, null),
    names: fc.uniqueArray(host, { maxLength: 40 }),
    addresses: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 10 }),
    days: fc.integer({ min: 1, max: 20_000 }),
  });
  fc.assert(
    fc.property(asked, ({ tenant: commonName, role, names, addresses, days }) => {
      const subject = { commonName, ...(role !== null && { unit: unitOf(role) }) };
      const hosts = [...names.filter((name) => !/^[\d.]+$/.test(name)), ...addresses.map(({ text }) => text)];
      const pair = issue(authority, { subject, usage: "client", hosts, days, now });
      const parsed = new X509Certificate(pair.certificate);
      const fields = Object.fromEntries(parsed.subject.split("\n").map((line) => line.split("=")));
      expect(certificateFacts({ commonName: fields.CN, unit: fields.OU, fingerprint: "00" })).toEqual({
        fingerprint: "00",
        tenant: commonName,
        role,
      });
      expect(parsed.verify(parsedAuthority.publicKey)).toBe(true);
      expect(parsed.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
      expect(Date.parse(parsed.validTo)).toBe(now.getTime() + days * 86_400_000);
      for (const name of names) if (hosts.includes(name)) expect(parsed.checkHost(name)).toBe(name);
      const known = (parsed.subjectAltName ?? "").split(", ").filter(Boolean);
      expect(known).toEqual([
        ...hosts.slice(0, hosts.length - addresses.length).map((name) => `DNS:${name}`),
        ...addresses.map(({ bytes }) => `IP Address:${bytes}`),
      ]);
    }),
    { numRuns: 60 },
  );
});

test("a subject that is no tenant has no facts, and a unit that is no role no role", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined)),
      fc.string(),
      (commonName, unit) => {
        const facts = certificateFacts({ commonName, unit, fingerprint: "00" });
        const isTenant =
          typeof commonName === "string" && (commonName === "*" || /^[A-Za-z0-9_-]{1,64}$/.test(commonName));
        expect(facts?.tenant).toBe(isTenant ? String(commonName) : undefined);
        const role = roleNames.find((name) => unit === `role:${name}`);
        expect(facts?.role ?? undefined).toBe(isTenant ? role : undefined);
      },
    ),
  );
});
