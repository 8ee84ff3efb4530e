import { nameSchema, type SoloApi, SoloError } from "../../../api/index.ts";
import type { Deployer } from "../../shared/index.ts";
import type { FirstSignal } from "../first-signal.ts";

/** One request of the REST interface, once it is known who asks and in which tenant. */
export interface RestRequest {
  readonly api: SoloApi;
  /** For what takes several operations. */
  readonly deployer: Deployer;
  readonly tenant: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: () => Promise<Readonly<Record<string, unknown>>>;
  /** What stands in the path behind the collection's name. */
  readonly id: string;
  readonly end: FirstSignal;
  readonly reported: (thrown: unknown) => SoloError;
}

/** What one method of one path answers. */
export type RestHandler = (request: RestRequest) => Promise<Response>;

/** `limit` and `offset` of a query. */
export function pageOf(query: URLSearchParams): { readonly limit: number; readonly offset: number } {
  return { limit: integerOf(query, "limit", 100, 1, 1_000), offset: integerOf(query, "offset", 0, 0, 2 ** 31) };
}

/** @throws SoloError `invalid_request`, naming the field */
export function integerOf(query: URLSearchParams, field: string, otherwise: number, min: number, max: number): number {
  const text = query.get(field);
  if (text === null) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw invalid(field, `expects a whole number from ${min} to ${max}`);
}

/** @throws SoloError `invalid_request`, naming the field */
export function flagOf(query: URLSearchParams, field: string): boolean {
  const text = query.get(field) ?? "false";
  if (/^(true|1)$/.test(text)) return true;
  if (/^(false|0)$/.test(text)) return false;
  throw invalid(field, "expects true or false");
}

/** The service's name in a field. @throws SoloError `invalid_name` */
export function serviceOf(value: unknown, field = "service_id"): string {
  const { data } = nameSchema.safeParse(value);
  if (data !== undefined) return data;
  throw new SoloError("invalid_name", `${field}: expects up to 64 letters, digits, _ or -`, { details: { field } });
}

export function invalid(field: string, message: string): SoloError {
  return new SoloError("invalid_request", `${field}: ${message}`, { details: { field } });
}
