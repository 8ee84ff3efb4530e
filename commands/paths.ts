import { SoloCommand } from "../src/cli/index.ts";
import { renderFacts } from "../src/cli/render/index.ts";

export default class Paths extends SoloCommand {
  static override summary = "Show where Solo keeps what";
  static override examples = ["<%= config.bin %> paths", "<%= config.bin %> paths --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(Paths);
    const session = await this.open(flags);
    session.requireLocal("what it shows");
    const { config, output } = session;
    const { configDir, dataDir, database, artifacts, logs, run, lock, socket } = config.paths;
    const document = {
      config_dir: configDir,
      user_config: config.files.user,
      project_config: config.files.project,
      data_dir: dataDir,
      database,
      artifacts,
      logs,
      run,
      lock,
      socket,
    };
    await output.result(document, (paths, view) =>
      renderFacts(
        Object.entries(paths).map(([name, path]) => [name, path ?? "-"]),
        view,
      ),
    );
  }
}
