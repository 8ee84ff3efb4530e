import type { CertificateDocument, TlsDocument } from "../../api/index.ts";
import { isRevokedBy, type RevokedCertificate } from "../../api/revoked-certificates.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

export function renderCertificates({ folder, certificates, revoked }: TlsDocument, view: View): string {
  const table = renderTable(
    certificates,
    [
      { title: "WHAT", value: ({ kind, name }) => (name === null ? kind : `${kind} ${name}`) },
      { title: "TENANT", value: ({ tenant }) => tenant ?? "" },
      { title: "ROLE", value: ({ kind, role }) => role ?? (kind === "client" ? "none" : "") },
      {
        title: "EXPIRES",
        value: ({ expires, revoked }) => (revoked === null ? dayOf(expires) : `revoked ${dayOf(revoked)}`),
      },
      { title: "HOSTS", value: ({ hosts }) => hosts.join(" "), shrinks: true },
    ],
    view,
  );
  const elsewhere = revoked.filter(
    ({ sha256, serial }) => !certificates.some((one) => isRevokedBy({ sha256, serial }, one)),
  );
  const lines = elsewhere.map((one) => `revoked ${dayOf(one.revoked)}: ${nameOf(one)}, whose file is not here`);
  return [table, ...lines, view.style.dim(`in ${folder}`)].join("\n");
}

export function renderRevokedCertificate(certificate: RevokedCertificate, view: View): string {
  const { tenant, revoked, serial, sha256 } = certificate;
  const facts: [string, string | null][] = [
    ["revoked", nameOf(certificate)],
    ["since", revoked],
    ["tenant", tenant],
    ["serial", serial],
    ["sha256", sha256],
  ];
  return renderFacts(
    facts.flatMap(([what, value]): [string, string][] => (value === null ? [] : [[what, value]])),
    view,
  );
}

function nameOf({ name, serial, sha256 }: RevokedCertificate): string {
  return name === null ? `the certificate ${serial ?? sha256}` : `client ${name}`;
}

function dayOf(moment: string): string {
  return moment.slice(0, "2000-01-01".length);
}

/** What `solo tls init` made, and how a machine elsewhere is told of it. */
export function renderTlsCreated(document: TlsDocument, view: View): string {
  const authority = document.certificates.find(({ kind }) => kind === "authority");
  const client = document.certificates.find(({ kind }) => kind === "client");
  return [
    renderCertificates(document, view),
    "",
    "The kernel serves HTTPS from its next start on. Bring a client these three files, the key like a password, and there:",
    `  solo context add NAME https://HOST:PORT --ca ${authority?.certificate} --cert ${client?.certificate} --key ${client?.key}`,
  ].join("\n");
}

export function renderCertificate(certificate: CertificateDocument, view: View): string {
  const { name, tenant, role, expires, certificate: file, key, serial, sha256 } = certificate;
  const facts: [string, string][] = [
    ["client", name ?? ""],
    ["tenant", tenant ?? ""],
    ["role", role ?? "none: a token is needed beside it"],
    ["expires", expires],
    ["certificate", file],
    ["key", key ?? ""],
    ["serial", serial],
    ["sha256", sha256],
  ];
  return renderFacts(facts, view);
}
