import { afterAll, beforeAll, expect, test } from "bun:test";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** The names of `solo.internal`, asked for by a resolver that nobody here wrote: dig. */

let env: SoloEnv;
let port: number;
beforeAll(async () => {
  port = freePort();
  env = soloEnv();
  env.write(
    "solo.toml",
    `[service.billing]\nsource = "billing.ts"\nreplicas = 2\nprovides = [{ name = "payments", metadata = { region = "eu" } }]\n`,
  );
  env.write("billing.ts", `export default { fetch: () => new Response("paid") };`);
  (await env.run(["start", "--dns-port", String(port)])).expect();
  (await env.run(["deploy", "-f", "solo.toml"])).expect();
  await waitFor(async () => (await dig("payments.solo.internal")).includes("NOERROR"), { what: "DNS that answers" });
});
afterAll(() => env[Symbol.asyncDispose]());

async function dig(...args: string[]): Promise<string> {
  const child = Bun.spawn(["dig", "@127.0.0.1", "-p", String(port), "+tries=1", "+time=5", ...args], {
    stdin: "ignore",
  });
  return new Response(child.stdout).text();
}

const short = async (...args: string[]) => (await dig("+short", ...args)).trim().split("\n");

test.each([["+notcp"], ["+tcp"], ["+noedns"]])("addresses, ports and metadata with %s", async (how) => {
  expect(await short(how, "payments.solo.internal")).toEqual(["127.0.0.1"]);
  expect(await short(how, "TXT", "payments.solo.internal")).toEqual(['"service=billing" "version=1.0.0" "region=eu"']);
  const ports = (await short(how, "SRV", "payments.solo.internal")).map((line) => line.split(" "));
  expect(ports).toHaveLength(2);
  for (const [priority, weight, at, target] of ports) {
    expect([priority, weight, target]).toEqual(["0", "0", "billing.payments.default.solo.internal."]);
    expect(await (await fetch(`http://127.0.0.1:${at}/`)).text()).toBe("paid");
  }
});

test("names that are not there, and names of others", async () => {
  expect(await dig("nobody.solo.internal")).toContain("status: NXDOMAIN");
  expect(await dig("AAAA", "payments.solo.internal")).toContain("status: NOERROR");
  expect(await dig("example.com")).toContain("status: REFUSED");
});

test("the end of a long answer is fetched by TCP", async () => {
  for (let index = 0; index < 40; index += 1) {
    const url = `http://10.0.0.${index}:9000/`;
    (await env.run(["registry", "register", "many", "--service-id", `far-${index}`, "--url", url])).expect();
  }
  expect(await dig("+notcp", "+ignore", "+bufsize=512", "SRV", "many.solo.internal")).toMatch(/flags: qr aa tc/);
  expect(await short("SRV", "many.solo.internal")).toHaveLength(40);
});

test("several questions on one connection, each answered", async () => {
  const answers = await dig(
    "+tcp",
    "+keepopen",
    "+short",
    "payments.solo.internal",
    "nobody.solo.internal",
    "payments.solo.internal",
  );
  expect(answers.trim().split("\n")).toEqual(["127.0.0.1", "127.0.0.1"]);
});

test("the kernel's health tells of it", async () => {
  const { stdout } = await env.run(["health", "--json"]);
  expect(JSON.parse(stdout).checks).toContainEqual(
    expect.objectContaining({ name: "dns", status: "healthy", message: `listens on 127.0.0.1:${port}` }),
  );
});

test("a kernel whose port another one has runs all the same, and says so", async () => {
  await using other = soloEnv();
  (await other.run(["start", "--dns-port", String(port)])).expect();
  const degraded = () => other.run(["health", "--json"]);
  expect(JSON.parse((await degraded()).stdout).checks).toContainEqual(
    expect.objectContaining({ name: "dns", status: "degraded", message: expect.stringContaining("solo.dns_port") }),
  );
});
