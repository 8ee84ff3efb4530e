import type { CertificateDocument, TlsDocument } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

export function renderCertificates({ folder, certificates }: TlsDocument, view: View): string {
  const table = renderTable(
    certificates,
    [
      { title: "WHAT", value: ({ kind, name }) => (name === null ? kind : `${kind} ${name}`) },
      { title: "TENANT", value: ({ tenant }) => tenant ?? "" },
      { title: "ROLE", value: ({ kind, role }) => role ?? (kind === "client" ? "none" : "") },
      { title: "EXPIRES", value: ({ expires }) => expires.slice(0, "2000-01-01".length) },
      { title: "HOSTS", value: ({ hosts }) => hosts.join(" "), shrinks: true },
    ],
    view,
  );
  return `${table}\n${view.style.dim(`in ${folder}`)}`;
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
  const { name, tenant, role, expires, certificate: file, key, sha256 } = certificate;
  const facts: [string, string][] = [
    ["client", name ?? ""],
    ["tenant", tenant ?? ""],
    ["role", role ?? "none: a token is needed beside it"],
    ["expires", expires],
    ["certificate", file],
    ["key", key ?? ""],
    ["sha256", sha256],
  ];
  return renderFacts(facts, view);
}
