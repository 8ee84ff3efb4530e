import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { failure, Workshop } from "./workshop.ts";

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** One function type `() → ()`, and an import of that type. */
function importing(module: string, name: string): Uint8Array {
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const body = [1, ...text(module), ...text(name), 0, 0];
  return new Uint8Array([...header, 1, 4, 1, 0x60, 0, 0, 2, body.length, ...body]);
}

test("accepts a WASI command and keeps a copy", async () => {
  using shop = new Workshop().write({ "m.wasm": readFileSync("examples/wasm/primes.wasm") });
  const artifact = await shop.wasm("m.wasm");
  expect(readFileSync(artifact.entry).equals(readFileSync(shop.path("m.wasm")))).toBe(true);
  expect(artifact.mentionsPort).toBe(false);
  expect((await shop.wasm("m.wasm")).cached).toBe(true);
});

test("refuses what is not a module, a component, a broken and a foreign one, each by name", async () => {
  using shop = new Workshop().write({
    "text.wasm": "hello world",
    "component.wasm": new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]),
    "broken.wasm": new Uint8Array([...header, 1, 200]),
    "foreign.wasm": importing("env", "open_window"),
    "newer.wasm": importing("wasi_snapshot_preview1", "fly"),
    "library.wasm": new Uint8Array(header),
  });
  const reason = async (name: string) => {
    const error = await failure(shop.wasm(name));
    expect(error.code).toBe("invalid_wasm");
    return error.message;
  };
  expect(await reason("text.wasm")).toContain("not a WebAssembly module");
  expect(await reason("component.wasm")).toContain("is a component");
  expect(await reason("broken.wasm")).toContain("does not compile");
  expect(await reason("foreign.wasm")).toContain("env.open_window");
  expect(await reason("newer.wasm")).toContain("wasi_snapshot_preview1.fly");
  expect(await reason("library.wasm")).toContain("exports no function _start");
  expect((await failure(shop.wasm("missing.wasm"))).code).toBe("file_not_found");
});
