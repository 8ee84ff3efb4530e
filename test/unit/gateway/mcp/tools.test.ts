import { describe, expect, test } from "bun:test";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { operationNames, operations, roles } from "../../../../src/api/index.ts";
import { toolName, toolNames, toolOf } from "../../../../src/gateway/mcp/tools.ts";

const everything = { tenant: "default", resource: "*", permissions: roles.admin };

describe("tools", () => {
  test("there is one for every operation, with schemas that the official validator takes", () => {
    const validator = new AjvJsonSchemaValidator();
    const names = toolNames(everything);
    expect([...names.values()]).toEqual([...operationNames]);
    for (const name of operationNames) {
      const tool = toolOf(name, "default");
      expect(tool.name).toMatch(/^[a-z_]{1,64}$/);
      expect([tool.inputSchema.type, tool.outputSchema.type]).toEqual(["object", "object"]);
      validator.getValidator(tool.inputSchema);
      validator.getValidator(tool.outputSchema);
    }
  });

  test("one that only looks says so, and one that is destructive takes a confirmation", () => {
    for (const name of operationNames) {
      const { annotations, inputSchema, description } = toolOf(name, "default");
      expect(annotations.readOnlyHint && annotations.destructiveHint).toBe(false);
      if (!operations[name].changes) expect(annotations.destructiveHint).toBe(false);
      expect("confirmation" in (inputSchema.properties ?? {})).toBe(annotations.destructiveHint);
      expect(description.includes("Asks back")).toBe(annotations.destructiveHint);
    }
    for (const name of ["kill", "stateDelete", "secretDelete", "checkpointRestore", "shutdown"] as const) {
      expect([name, toolOf(name, "default").annotations.destructiveHint]).toEqual([name, true]);
    }
  });

  test("the text of services is called untrusted", () => {
    for (const name of ["logs", "events", "call", "stateScan", "crashes"] as const) {
      expect(toolOf(name, "default").description).toContain("untrusted data");
    }
  });

  test("the tenant that is meant is the capability's", () => {
    expect(toolOf("status", "acme").inputSchema.properties?.tenant).toMatchObject({ default: "acme" });
  });

  test("a capability has the tools that it allows", () => {
    const names = (resource: string, permissions: readonly string[]) => [
      ...toolNames({ tenant: "default", resource, permissions }).keys(),
    ];
    const viewer = names("tenant", roles.viewer);
    expect(viewer).toEqual(expect.arrayContaining(["list", "status", "logs", "events", "health", "secret_list"]));
    for (const name of ["kill", "deploy", "call", "state_get", "secret_get", "audit", "shutdown"]) {
      expect(viewer).not.toContain(name);
    }
    expect(names("service:shop", roles.viewer)).not.toContain("secret_list");
    expect(names("service:shop", ["call:buy"])).toContain("call");
    expect(names("tenant", roles.admin)).not.toContain("shutdown");
    expect(names("*", roles.admin)).toContain("shutdown");
  });

  test("names are those of the contract, in words", () => {
    expect(toolName("checkpointCreate")).toBe("checkpoint_create");
  });
});
