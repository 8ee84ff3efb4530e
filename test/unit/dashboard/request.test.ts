import { expect, test } from "bun:test";
import { requestOf } from "../../../src/dashboard/api/request.ts";

test("fields of the path go there, those of a GET into the query", () => {
  expect(requestOf("logs", { tenant: "a", name: "we b", follow: true, tail: undefined })).toEqual({
    method: "GET",
    path: "/v1/services/we%20b/logs?tenant=a&follow=true",
    body: undefined,
  });
  expect(requestOf("health", {}).path).toBe("/v1/health");
});

test("those of a POST into the body", () => {
  expect(requestOf("scale", { tenant: "a", name: "web", replicas: 2 })).toEqual({
    method: "POST",
    path: "/v1/services/web/scale",
    body: `{"tenant":"a","replicas":2}`,
  });
});
