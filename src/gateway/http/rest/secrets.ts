import { SoloError } from "../../../api/index.ts";
import { invalid, pageOf, type RestHandler } from "./request.ts";

/** `POST /secrets`. */
export const storeSecret: RestHandler = async ({ api, tenant, body }) => {
  const { key, value } = await body();
  const secret = keyOf(key);
  if (typeof value !== "string" || value === "") throw invalid("value", "expects a text");
  const { version, updated } = await api.secretSet({ tenant, secret, value });
  return Response.json({ key: secret, status: "stored", version, timestamp: updated }, { status: 201 });
};

/** `GET /secrets`: names, never values. */
export const listSecrets: RestHandler = async ({ api, tenant, query }) => {
  const { limit, offset } = pageOf(query);
  const { secrets } = await api.secretList({ tenant });
  const keys = secrets.slice(offset, offset + limit).map(({ secret }) => secret);
  return Response.json({ secrets: keys, total: secrets.length, limit, offset, timestamp: new Date().toISOString() });
};

/** `GET /secrets/{key}`: whether there is one. */
export const showSecret: RestHandler = async ({ api, tenant, id }) => {
  const key = keyOf(id);
  const { secrets } = await api.secretList({ tenant });
  if (!secrets.some(({ secret }) => secret === key)) throw missing(key);
  return Response.json({ key, exists: true });
};

/** `DELETE /secrets/{key}`. */
export const deleteSecret: RestHandler = async ({ api, tenant, id }) => {
  const key = keyOf(id);
  const { deleted } = await api.secretDelete({ tenant, secret: key });
  if (!deleted) throw missing(key);
  return Response.json({ key, status: "deleted", timestamp: new Date().toISOString() });
};

function keyOf(value: unknown): string {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,256}$/.test(value)) return value;
  throw new SoloError("invalid_request", "key: expects 1 to 256 letters, digits, _ or -", {
    details: { field: "key", legacy: "invalid_secret_key" },
  });
}

function missing(key: string): SoloError {
  return new SoloError("not_found", `there is no secret ${key}`);
}
