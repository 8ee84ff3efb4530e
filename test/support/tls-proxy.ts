import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ownerKeyHeader, ownerKeyPath } from "../../src/api/index.ts";
import { freePorts, isListening } from "./ports.ts";
import { waitFor } from "./wait-for.ts";

/**
 * nginx in front of a kernel's socket (as its owner, since nobody else may open it): ends TLS and asks for the bearer token
 * in the file `token`; on `mutualPort` also for a client certificate. `ca.pem`, `client.pem` and `client.key` lie beside it.
 */
export interface TlsProxy extends AsyncDisposable {
  readonly port: number;
  readonly mutualPort: number;
  /** The path of a file in the proxy's folder. */
  readonly file: (name: string) => string;
}

export async function startTlsProxy(socketPath: string): Promise<TlsProxy> {
  const folder = mkdtempSync(join(tmpdir(), "solo-tls-"));
  const [port = 0, mutualPort = 0] = freePorts(2);
  writeCertificates(folder);
  writeFileSync(join(folder, "token"), `${token}\n`);
  writeFileSync(join(folder, "nginx.conf"), configuration({ port, mutualPort, socketPath }));
  const command = ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", join(folder, "nginx.conf")];
  const nginx = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  await waitFor(() => isListening(port), { what: "nginx to listen" });
  return {
    port,
    mutualPort,
    file: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      nginx.kill();
      await nginx.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const token = "s3cret";

function writeCertificates(folder: string): void {
  const openssl = (words: string) => {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words.split(" ")], { cwd: folder, stderr: "pipe" });
    if (exitCode !== 0) throw new Error(stderr.toString());
  };
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const authority = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy";
  openssl(`req -x509 ${key} -keyout ca.key -out ca.pem -subj /CN=test-ca`);
  for (const name of ["server", "client"]) {
    openssl(`req ${key} -keyout ${name}.key -out ${name}.csr -subj /CN=${name} -addext subjectAltName=DNS:localhost`);
    openssl(`x509 -req -in ${name}.csr ${authority} -out ${name}.pem`);
  }
}

interface Addresses {
  readonly port: number;
  readonly mutualPort: number;
  readonly socketPath: string;
}

/** The kernel, which may not have been started yet, keeps the key that it finds. */
function keyOf(socketPath: string): string {
  const path = ownerKeyPath(socketPath);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(path, "utf8").trim();
}

function configuration({ port, mutualPort, socketPath }: Addresses): string {
  const server = (listen: number, extra: string) => `
    server {
      listen 127.0.0.1:${listen} ssl;
      listen [::1]:${listen} ssl;
      ssl_certificate server.pem;
      ssl_certificate_key server.key;
      ${extra}
      location / {
        if ($http_authorization != "Bearer ${token}") { return 401; }
        proxy_pass http://unix:${socketPath};
        proxy_set_header ${ownerKeyHeader} ${keyOf(socketPath)};
        # It is the token of this proxy, not of a capability.
        proxy_set_header authorization "";
        proxy_buffering off;
        proxy_http_version 1.1;
      }
    }`;
  return `
    user root; daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
    events { worker_connections 64; }
    http {
      access_log off;
      client_body_temp_path tmp-body; proxy_temp_path tmp-proxy; fastcgi_temp_path tmp-f; uwsgi_temp_path tmp-u; scgi_temp_path tmp-s;
      ${server(port, "")}
      ${server(mutualPort, "ssl_client_certificate ca.pem; ssl_verify_client on;")}
    }`;
}
