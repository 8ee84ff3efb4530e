import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { dryRunFlag, exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderSecretDeleted } from "../../src/cli/render/index.ts";
import { secretName } from "../../src/cli/secret-input.ts";

const changesPending = 10;

export default class SecretsDelete extends SoloCommand {
  static override summary = "Delete a secret that no service needs";
  static override usage = "secrets delete NAME [FLAGS]";
  static override examples = ["<%= config.bin %> secrets delete API_KEY --yes"];
  static override args = { name: argument({ description: "Name of the secret", ignoreStdin: true }) };
  static override flags = {
    force: boolean({ description: "Also when services need it, which then can't be started any more" }),
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsDelete);
    const secret = secretName(args.name);
    const session = await this.open(flags);
    const dry_run = flags["dry-run"];
    if (!dry_run) await confirmLoss(`deletes secret ${secret}`, flags);
    const kernel = await session.writer();
    const deleted = await kernel.secretDelete({ tenant: session.tenant, secret, force: flags.force, dry_run });
    await session.output.result(deleted, renderSecretDeleted(dry_run));
    exitWith(dry_run && deleted.deleted ? changesPending : 0);
  }
}
