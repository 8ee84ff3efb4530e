import { expect, test } from "bun:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { operationNames, routes } from "../../../src/api/index.ts";
import { openApiDocument } from "../../../src/gateway/http/openapi/index.ts";

test("the API's description is valid by the strictest rules of a linter no one here wrote", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const source = JSON.stringify(openApiDocument("1.2.3"));
  const problems = await lintFromString({ source, config, absoluteRef: "openapi.json" });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

test("it has every operation, under its own name", () => {
  const { paths } = openApiDocument("1.2.3");
  for (const name of operationNames) {
    const { path, method } = routes[name];
    expect(paths).toHaveProperty([path, method.toLowerCase(), "operationId"], name);
  }
});
