import { expect, test } from "bun:test";
import { join } from "node:path";
import type { ServiceSpecInput } from "../../src/api/index.ts";
import { last } from "../support/daemon.ts";
import { Daemon, gone, waitFor } from "../support/index.ts";

/** Each tenant is supervised by itself, even where everything has the same name. */

const tenants = ["one", "two"] as const;
const names = ["a", "b"];

test("restarts, crash loops, groups and the order of a stop of one tenant don't touch another's", async () => {
  await using daemon = await Daemon.start();
  const journal = join(daemon.env.notes, "journal");
  const restart = { max: 3, within_ms: 60_000, backoff_min_ms: 10, backoff_max_ms: 20 };
  const noting = (word: string, before = ""): ServiceSpecInput =>
    daemon.shell(`trap '${before} echo ${word} >> ${journal}; exit 0' TERM; while :; do sleep 0.02; done`, { restart });
  const deploy = (tenant: string, services: Readonly<Record<string, ServiceSpecInput>>, group: boolean) =>
    last(
      daemon.client.deploy({
        tenant,
        services: Object.entries(services).map(([name, spec]) => ({ name, spec: daemon.marked(spec) })),
        groups: group ? [{ name: "pair", strategy: "one_for_all", services: names }] : [],
      }),
    );
  const statusOf = (tenant: string, name: string) => daemon.client.status({ tenant, name });
  const pidsOf = async (tenant: string) => {
    const all = await Promise.all(names.map((name) => statusOf(tenant, name)));
    return all.map(({ instances }) => instances[0]?.pid ?? 0);
  };
  // The last of `one` ends only once all of `two` have ended: if they waited for it, it would wait in vain.
  const stopping = join(daemon.env.notes, "stopping");
  const patient = `i=0; while [ -e ${stopping} ] && [ $i -lt 500 ] && ! grep -q two-a ${journal}; do sleep 0.02; i=$((i+1)); done;`;
  for (const tenant of tenants) {
    const a = noting(`${tenant}-a`);
    const b = { ...noting(`${tenant}-b`, tenant === "one" ? patient : ""), depends_on: { a: "started" as const } };
    await deploy(tenant, { a, b }, true);
  }

  const others = await pidsOf("two");
  const [killed = 0] = await pidsOf("one");
  process.kill(killed, "SIGKILL");
  for (const name of names) {
    const isBack = async () => {
      const { restarts, state } = await statusOf("one", name);
      return (restarts === 1 && state === "ready") || undefined;
    };
    await waitFor(isBack, { what: `${name} of one to be restarted`, deadlineMs: 30_000 });
  }
  expect(await pidsOf("two")).toEqual(others);

  // More restarts than are allowed to one: those of the service of the same name are counted apart.
  const fails = (tenant: string) => join(daemon.env.notes, `fail-${tenant}`);
  for (const tenant of tenants) {
    await deploy(
      tenant,
      { c: daemon.shell(`while [ ! -e ${fails(tenant)} ]; do sleep 0.02; done; exit 1`, { restart }) },
      false,
    );
  }
  await Bun.write(fails("one"), "");
  const loops = async () => (await statusOf("one", "c")).state === "crash_loop" || undefined;
  await waitFor(loops, { what: "a crash loop", deadlineMs: 30_000 });
  const events = await Array.fromAsync(daemon.client.events({ tenant: "two" }));
  expect(events.filter(({ event }) => event === "group_restart" || event === "instance_exited")).toEqual([]);
  expect((await statusOf("two", "c")).restarts).toBe(0);
  expect((await statusOf("two", "c")).state).toBe("ready");

  await Bun.write(journal, "");
  await Bun.write(stopping, "");
  const kernel = await daemon.kernel();
  await daemon.client.shutdown({});
  await gone(kernel);
  const order = (await Bun.file(journal).text()).trim().split("\n");
  expect(order).toEqual(["two-b", "two-a", "one-b", "one-a"]);
}, 60_000);
