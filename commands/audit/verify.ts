import { resolve } from "node:path";
import { string } from "@oclif/core/flags";
import { exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderAuditVerification } from "../../src/cli/render/index.ts";

export default class AuditVerify extends SoloCommand {
  static override summary = "Check whether any audit record was changed, removed, moved or cut off";
  static override description =
    "Checks the kernel's own records, without a kernel its files, or with --file an export of `audit export`, anywhere. Ends with 1 when something was done to them. It prints the head of the chain: kept elsewhere and given as --head later, it proves that no one wrote the whole chain anew.";
  static override examples = [
    "<%= config.bin %> audit verify",
    "<%= config.bin %> audit verify --file audit.jsonl --head 120:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ];
  static override flags = {
    file: string({ description: "An export, instead of the kernel's own records", helpValue: "FILE" }),
    head: string({ description: "A head that must be in the chain, as this command printed it", helpValue: "HEAD" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const session = await this.open(flags);
    const request = flags.head === undefined ? {} : { head: flags.head };
    const document =
      flags.file === undefined
        ? await (await session.reader()).auditVerify(request)
        : await (await session.door()).verifyAuditExport(resolve(flags.file), request);
    await session.output.result(document, renderAuditVerification);
    exitWith(document.state === "damaged" ? 1 : 0);
  }
}
