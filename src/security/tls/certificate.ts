import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import { bits, boolean, type Der, identifier, integer, octets, sequence, set, tagged, time, utf8 } from "./der.ts";

/** A certificate with its key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

export interface Subject {
  readonly commonName: string;
  readonly unit?: string;
}

export interface LeafRequest {
  readonly subject: Subject;
  readonly usage: "server" | "client";
  /** Names and addresses that a server goes by. */
  readonly hosts?: readonly string[];
  readonly days: number;
  readonly now: Date;
}

/** A certificate authority of its own, which signs leaves only: P-256, SHA-256. */
export function createAuthority(
  commonName: string,
  { days, now }: { readonly days: number; readonly now: Date },
): KeyPair {
  const { privateKey, publicKey } = newKey();
  const name = nameOf({ commonName });
  const extensions = [
    extension(ids.basicConstraints, sequence(boolean(true), integer(0)), "critical"),
    extension(ids.keyUsage, bits(Buffer.from([keyCertSign | crlSign]), 1), "critical"),
    extension(ids.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
  ];
  return assemble({ issuer: name, subject: name, extensions, days, now }, { privateKey, publicKey }, privateKey);
}

/** A certificate for a server or a client, signed by an authority that {@link createAuthority} made. */
export function issue(authority: KeyPair, request: LeafRequest): KeyPair {
  const { subject, usage, hosts = [], days, now } = request;
  const pair = newKey();
  const issuer = new X509Certificate(authority.certificate);
  const extensions = [
    extension(ids.keyUsage, bits(Buffer.from([digitalSignature]), 7), "critical"),
    extension(ids.extendedKeyUsage, sequence(identifier(usage === "server" ? ids.serverAuth : ids.clientAuth))),
    extension(ids.subjectKeyIdentifier, octets(keyIdentifier(pair.publicKey))),
    extension(ids.authorityKeyIdentifier, sequence(tagged(0, keyIdentifier(issuer.publicKey), "primitive"))),
    ...(hosts.length > 0 ? [extension(ids.subjectAlternativeName, sequence(...hosts.map(alternativeName)))] : []),
  ];
  const body = { issuer: nameOf(commonNameOf(issuer)), subject: nameOf(subject), extensions, days, now };
  return assemble(body, pair, createPrivateKey(authority.key));
}

/** The subject of a certificate that this module made. */
function commonNameOf({ subject }: X509Certificate): Subject {
  return { commonName: /^CN=(.*)$/m.exec(subject)?.[1] ?? "" };
}

interface Body {
  readonly issuer: Der;
  readonly subject: Der;
  readonly extensions: readonly Der[];
  readonly days: number;
  readonly now: Date;
}

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** RFC 5280, section 4.1. */
function assemble({ issuer, subject, extensions, days, now }: Body, own: Keys, signer: KeyObject): KeyPair {
  const from = new Date(now.getTime() - clockSkewMs);
  const until = new Date(now.getTime() + days * dayMs);
  const algorithm = sequence(identifier(ids.ecdsaWithSha256));
  const body = sequence(
    tagged(0, integer(2), "constructed"),
    integer(serial()),
    algorithm,
    issuer,
    sequence(time(from), time(until)),
    subject,
    own.publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions), "constructed"),
  );
  const certificate = sequence(body, algorithm, bits(sign("sha256", body, signer)));
  return {
    certificate: pem("CERTIFICATE", certificate),
    key: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function newKey(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Positive, and never the same twice. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function nameOf({ commonName, unit }: Subject): Der {
  const attribute = (id: string, value: string) => set(sequence(identifier(id), utf8(value)));
  return sequence(
    ...(unit === undefined ? [] : [attribute(ids.organizationalUnit, unit)]),
    attribute(ids.commonName, commonName),
  );
}

function extension(id: string, value: Der, critical?: "critical"): Der {
  return sequence(identifier(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function alternativeName(host: string): Der {
  if (isIP(host) === 0) return tagged(2, Buffer.from(host, "latin1"), "primitive");
  return tagged(7, addressBytes(host), "primitive");
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => groupsOf(bytes.slice(0, 4)));
  const [head = "", tail] = plain.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = 8 - groups(head).length - groups(tail ?? "").length;
  const all = [...groups(head), ...Array<string>(tail === undefined ? 0 : missing).fill("0"), ...groups(tail ?? "")];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** The last four bytes of an IPv6 address that are written as an IPv4 one. */
function groupsOf(bytes: readonly string[]): string {
  const hex = Buffer.from(bytes.map(Number)).toString("hex");
  return `${hex.slice(0, 4)}:${hex.slice(4)}`;
}

/** RFC 5280, section 4.2.1.2 (1): the SHA-1 of the key's bits names it; nothing is proven by it. */
function keyIdentifier(key: KeyObject): Buffer {
  const point = key.export({ type: "spki", format: "der" }).subarray(-65);
  return createHash("sha1").update(point).digest();
}

function pem(label: string, der: Der): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const dayMs = 86_400_000;
/** Clocks of other machines may be behind. */
const clockSkewMs = 3_600_000;
const digitalSignature = 0x80;
const keyCertSign = 0x04;
const crlSign = 0x02;

const ids = {
  commonName: "2.5.4.3",
  organizationalUnit: "2.5.4.11",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;
