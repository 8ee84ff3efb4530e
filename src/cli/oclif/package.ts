import type { Interfaces } from "@oclif/core";
import { build } from "../../system/index.ts";

/** What oclif would read from package.json. Kept in code, because the binary carries no package.json beside it. */
export const oclifPackage: Interfaces.PJSON = {
  name: "solo",
  version: build.version,
  type: "module",
  oclif: {
    bin: "solo",
    description: "Deploy, watch and stop services on this machine or another one",
    commands: { strategy: "pattern", target: "./commands", globPatterns: ["**/*.ts"] },
    topicSeparator: " ",
    additionalHelpFlags: ["-h"],
    topics: {
      tls: { description: "Certificates with which the kernel's APIs speak TLS" },
      audit: { description: "Show who changed what, and check that nobody changed the record of it" },
      capability: { description: "Grant, narrow, check and revoke what others may do" },
      checkpoint: { description: "Keep points of a service's state, and go back to them" },
      completion: { description: "Complete commands, flags and service names in your shell" },
      config: { description: "Show, check and explain the configuration" },
      context: { description: "Name the kernels that you work with" },
      sandbox: { description: "Show what services are confined to" },
      effects: { description: "Show what services did outside of themselves, and resolve what is unknown" },
      log: { description: "Look into durable logs, check, repair and truncate them" },
      registry: { description: "Find services by what they provide, and register some" },
      secrets: { description: "Keep secrets, and give them to the services that ask for them" },
      state: { description: "Look into what a service remembers, and change it" },
      tenant: { description: "Show what tenants use beside their quotas" },
      store: { description: "Look into key-value stores, check, repair and compact them" },
    },
  },
};
