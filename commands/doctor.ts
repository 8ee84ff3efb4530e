import { diagnose } from "../src/cli/doctor/index.ts";
import { exitWith, SoloCommand } from "../src/cli/index.ts";
import { renderDiagnosis } from "../src/cli/render/index.ts";

const notHealthy = 3;

export default class Doctor extends SoloCommand {
  static override summary = "Look for what could be wrong with this installation";
  static override description = "Changes nothing. Ends with 3 when something must be repaired.";
  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const diagnosis = await diagnose(() => this.open(flags), flags.config);
    await this.output(flags).result(diagnosis, renderDiagnosis);
    if (diagnosis.status === "error") exitWith(notHealthy);
  }
}
