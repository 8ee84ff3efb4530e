import { onInterruption, SoloCommand } from "../../src/cli/index.ts";
import { writeAll } from "../../src/cli/streams/write-all.ts";

export default class AuditExport extends SoloCommand {
  static override summary = "Write every audit record to standard output, as JSON lines";
  static override description =
    "The records of all tenants, byte by byte as they were hashed, and the head of their chain as the last line. `audit verify --file` checks such a file anywhere.";
  static override examples = ["<%= config.bin %> audit export > audit.jsonl"];

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditExport);
    const session = await this.open(flags);
    const interruption = onInterruption();
    const lines = (await session.reader()).auditExport({}, interruption.signal);
    for await (const { line } of lines) await writeAll(process.stdout, `${line}\n`);
    interruption.check();
  }
}
