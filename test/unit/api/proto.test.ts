import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { SoloKernel } from "../../../src/api/proto/solo/v1/solo.gen.ts";

const root = join(import.meta.dir, "../../../src/api/proto");
const sources = [...new Bun.Glob("**/*.proto").scanSync(root)].toSorted();

test.each(sources)("what was made of %s is made of what it is now", (source) => {
  const digest = createHash("sha256")
    .update(readFileSync(join(root, source)))
    .digest("hex");
  const made = readFileSync(join(root, source.replace(/\.proto$/, ".gen.ts")), "utf8");
  expect(made.split("\n")[0]).toEndWith(digest);
});

/** Fields of messages by their numbers, so far as clients of the predecessor know them. */
const kept: Readonly<Record<string, readonly [request: string, response: string]>> = {
  Deploy: ["service_id code format", "service_id status error"],
  Status: ["service_id", "service_id alive memory_bytes message_queue_len reductions"],
  Kill: ["service_id timeout_ms force", "service_id status error"],
  List: ["", "services"],
  Watch: ["service_id include_logs", "id timestamp event_type subject payload causation_id"],
  Shutdown: ["grace_period_ms", "status message"],
  RegisterService: ["service_id service_name version metadata ttl_seconds", "registered service_handle error"],
  DiscoverService: ["service_name filters", "services"],
  GetServices: ["service_name", "services total_count"],
};

test("the nine methods of the predecessor have their fields under their numbers", () => {
  const service: DescService = SoloKernel;
  const fieldsOf = (message: DescService["methods"][number]["input"], count: number) =>
    message.fields
      .toSorted((one, other) => one.number - other.number)
      .filter(({ number }, index) => number === index + 1 && number <= count)
      .map(({ name }) => name)
      .join(" ");
  for (const [name, [request, response]] of Object.entries(kept)) {
    const method = service.methods.find((one) => one.name === name);
    if (method === undefined) throw new Error(`there is no ${name}`);
    expect([name, fieldsOf(method.input, words(request)), fieldsOf(method.output, words(response))]).toEqual([
      name,
      request,
      response,
    ]);
  }
  const format = service.methods[0]?.input.fields[2];
  expect(format?.enum?.values.map(({ number, name }) => `${number} ${name}`).slice(0, 2)).toEqual([
    "0 DEPLOY_FORMAT_UNSPECIFIED",
    "1 ELIXIR_SOURCE",
  ]);
});

function words(text: string): number {
  return text === "" ? 0 : text.split(" ").length;
}
