import { expect, test } from "bun:test";
import { writeExampleConfig } from "../../../src/cli/example-config.ts";

test("an example that can't be written is told, not reported as a bug", async () => {
  const written = writeExampleConfig({ file: "/dev/null/solo/config.toml", print: false, force: false });
  await expect(written).rejects.toMatchObject({ code: "io_error", applied: "no" });
});
