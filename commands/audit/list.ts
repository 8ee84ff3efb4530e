import { boolean, string } from "@oclif/core/flags";
import type { SoloApi } from "../../src/api/index.ts";
import type { Resumption } from "../../src/cli/beginning.ts";
import { beginningFlags, beginningOf, followStream, onInterruption, SoloCommand } from "../../src/cli/index.ts";
import { renderAuditRecord } from "../../src/cli/render/index.ts";

export default class AuditList extends SoloCommand {
  static override summary = "Show who changed what, and what was refused to whom";
  static override description =
    "A change has two records: `begin` before it runs, and `end` with what came of it. What was not let in has one.";
  static override examples = [
    "<%= config.bin %> audit list --since 1h",
    "<%= config.bin %> audit list --subject default/web --operation deploy --json",
    "<%= config.bin %> audit list --all-tenants --follow",
  ];
  static override flags = {
    "all-tenants": boolean({ description: "Of every tenant, and what concerns the kernel itself" }),
    actor: string({
      description: "Only what this one asked: owner, capability:ID, service:TENANT/NAME or anonymous",
      helpValue: "ACTOR",
    }),
    operation: string({ description: "Only this operation of the API, such as deploy", helpValue: "NAME" }),
    subject: string({
      description: "Only what was done to this, such as default/web, or within it",
      helpValue: "SUBJECT",
    }),
    follow: boolean({ char: "f", description: "Go on with new records as they come" }),
    ...beginningFlags("records"),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditList);
    const session = await this.open(flags);
    const { actor, operation, subject } = flags;
    const filters = {
      ...(actor !== undefined && { actor }),
      ...(operation !== undefined && { operation }),
      ...(subject !== undefined && { subject }),
    };
    const interruption = onInterruption();
    const { signal } = interruption;
    const all = flags["all-tenants"];
    const { tenant } = session;
    const read = (api: Pick<SoloApi, "audit" | "auditAll">, follow: boolean, resumption?: Resumption) => {
      const request = { ...filters, ...beginningOf(flags, resumption), follow };
      return all ? api.auditAll(request, signal) : api.audit({ ...request, tenant }, signal);
    };
    const records = flags.follow
      ? followStream(session, (api, resumption, follow) => read(api, follow, resumption), signal)
      : read(await session.reader(), false);
    for await (const record of records) await session.output.element(record, renderAuditRecord);
    interruption.check();
  }
}
