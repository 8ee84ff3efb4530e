import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { initTls, issueClient, renewServer, showTls } from "../../../../src/security/tls/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** What is made is looked at with openssl, as every other program would. */

let folder: string;
const client = { name: "admin", tenant: "acme", role: "deployer" as const, days: 30 };
const server = { hosts: ["solo.example.com", "10.0.0.5", "fe80::1:2"], days: 100 };
beforeEach(() => {
  folder = join(temporaryFolder(), "tls");
});

const file = (name: string) => join(folder, name);

function openssl(...words: readonly string[]): string {
  const { stdout, stderr } = Bun.spawnSync(["openssl", ...words], { stderr: "pipe" });
  return `${stdout}${stderr}`;
}

function verified(name: string, ...words: readonly string[]): string {
  return openssl("verify", "-x509_strict", "-CAfile", file("ca.pem"), ...words, file(name));
}

describe("an authority", () => {
  test("signs a server and a client, each for its use alone", () => {
    initTls(folder, { ...server, client, force: false });
    for (const host of ["solo.example.com", "localhost"]) {
      expect(verified("server.pem", "-purpose", "sslserver", "-verify_hostname", host)).toEndWith("OK\n");
    }
    for (const address of ["10.0.0.5", "::1", "fe80::1:2", "127.0.0.1"]) {
      expect(verified("server.pem", "-purpose", "sslserver", "-verify_ip", address)).toEndWith("OK\n");
    }
    expect(verified("server.pem", "-verify_hostname", "example.com")).toContain("hostname mismatch");
    expect(verified("clients/admin.pem", "-purpose", "sslclient")).toEndWith("OK\n");
    expect(verified("clients/admin.pem", "-purpose", "sslserver")).toContain("unsuitable certificate purpose");
    expect(verified("server.pem", "-purpose", "sslclient")).toContain("unsuitable certificate purpose");
  });

  test("signs nothing that signs further", () => {
    initTls(folder, { ...server, client, force: false });
    const text = openssl("x509", "-in", file("ca.pem"), "-noout", "-text");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toContain("Certificate Sign, CRL Sign");
    expect(openssl("x509", "-in", file("server.pem"), "-noout", "-text")).not.toContain("CA:TRUE");
  });

  test("outlives the year in which dates are written in another way", () => {
    const now = new Date("2045-06-01T00:00:00.000Z");
    const { certificates } = initTls(folder, { ...server, client, force: false }, now);
    expect(certificates[0]?.expires).toBe("2055-05-30T00:00:00.000Z");
    expect(openssl("x509", "-in", file("ca.pem"), "-noout", "-enddate")).toContain("May 30 00:00:00 2055 GMT");
  });
});

describe("files", () => {
  test("of keys are for their owner alone, and their folder is", () => {
    initTls(folder, { ...server, client, force: false });
    for (const name of ["ca.key", "server.key", "clients/admin.key"])
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    for (const name of ["", "clients"]) expect(statSync(file(name)).mode & 0o777).toBe(0o700);
  });

  test("are not replaced without force; with it what was signed before counts no more", () => {
    initTls(folder, { ...server, client, force: false });
    const before = readFileSync(file("ca.pem"), "utf8");
    issueClient(folder, { ...client, name: "ci", force: false });
    expect(() => initTls(folder, { ...server, client, force: false })).toThrow("exists already");
    expect(() => issueClient(folder, { ...client, force: false })).toThrow("exists already");
    expect(readFileSync(file("ca.pem"), "utf8")).toBe(before);
    initTls(folder, { ...server, client, force: true });
    expect(readFileSync(file("ca.pem"), "utf8")).not.toBe(before);
    expect(existsSync(file("clients/ci.pem"))).toBe(false);
  });

  test("of the server are renewed by the authority that there is", () => {
    initTls(folder, { ...server, client, force: false });
    const authority = readFileSync(file("ca.pem"), "utf8");
    renewServer(folder, { hosts: ["next.example.com"], days: 50 });
    expect(readFileSync(file("ca.pem"), "utf8")).toBe(authority);
    expect(verified("server.pem", "-verify_hostname", "next.example.com")).toEndWith("OK\n");
    expect(verified("clients/admin.pem", "-purpose", "sslclient")).toEndWith("OK\n");
  });
});

describe("what they are for", () => {
  test("is read from the certificates themselves", () => {
    initTls(folder, { ...server, client, force: false });
    issueClient(folder, { name: "ops", tenant: "*", role: null, days: 1, force: false });
    const [authority, own, ...clients] = showTls(folder).certificates;
    expect(authority).toMatchObject({ kind: "authority", tenant: null, hosts: [] });
    expect(own?.hosts).toEqual(expect.arrayContaining(["localhost", "127.0.0.1", "::1", ...server.hosts]));
    expect(clients).toMatchObject([
      { kind: "client", name: "admin", tenant: "acme", role: "deployer" },
      { kind: "client", name: "ops", tenant: "*", role: null },
    ]);
  });

  test("is refused where it is nothing", () => {
    expect(() => showTls(folder)).toThrow("there is no");
    expect(() => issueClient(folder, { ...client, force: false })).toThrow("there is no");
    expect(() => initTls(folder, { hosts: ["no host"], days: 1, client, force: false })).toThrow("no host name");
    for (const wrong of [{ tenant: "no tenant" }, { tenant: "a\nb" }, { name: "../up" }]) {
      expect(() => initTls(folder, { ...server, client: { ...client, ...wrong }, force: false })).toThrow("invalid");
    }
    expect(existsSync(folder)).toBe(false);
  });
});
