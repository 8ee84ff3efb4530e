import type { Database } from "bun:sqlite";
import { z } from "zod";
import { SoloError } from "../api/index.ts";
import type { KeptRegistration, RegistrationTable } from "./registration.ts";

/** The table `registrations` of kernel.db. */
export function registrationTable(database: Database): RegistrationTable {
  const writing = (write: () => void) => {
    try {
      database.transaction(write).immediate();
    } catch (error) {
      throw SoloError.from(error, "no");
    }
  };
  return {
    all: () => database.query<Row, []>("SELECT * FROM registrations ORDER BY registered_ms, handle").all().map(read),
    save: (registration) =>
      writing(
        () =>
          void database
            .query<null, (string | number | null)[]>(
              "INSERT OR REPLACE INTO registrations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .run(...valuesOf(registration)),
      ),
    renew(handle, expires) {
      database.run("PRAGMA synchronous = NORMAL");
      try {
        writing(() => void database.run("UPDATE registrations SET expires_ms = ? WHERE handle = ?", [expires, handle]));
      } finally {
        database.run("PRAGMA synchronous = FULL");
      }
    },
    remove: (handles) =>
      writing(() => {
        const query = database.query<null, [string]>("DELETE FROM registrations WHERE handle = ?");
        for (const handle of handles) query.run(handle);
      }),
  };
}

interface Row {
  handle: string;
  tenant: string;
  service_id: string;
  service_name: string;
  /** Empty for none. */
  instance: string;
  version: string;
  metadata: string;
  url: string | null;
  ttl_ms: number;
  registered_ms: number;
  expires_ms: number | null;
}

const metadataSchema = z.record(z.string(), z.string());

function read({ service_id, service_name, ttl_ms, registered_ms, expires_ms, ...row }: Row): KeptRegistration {
  return {
    ...row,
    serviceId: service_id,
    serviceName: service_name,
    instance: row.instance === "" ? null : row.instance,
    metadata: metadataSchema.parse(JSON.parse(row.metadata)),
    ttlMs: ttl_ms,
    registered: registered_ms,
    expires: expires_ms,
  };
}

function valuesOf(registration: KeptRegistration): (string | number | null)[] {
  const { handle, tenant, serviceId, serviceName, instance, version, metadata, url, ttlMs } = registration;
  const { registered, expires } = registration;
  const text = JSON.stringify(metadata);
  return [handle, tenant, serviceId, serviceName, instance ?? "", version, text, url, ttlMs, registered, expires];
}
