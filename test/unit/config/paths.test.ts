import { expect, test } from "bun:test";
import { join } from "node:path";
import { maxSocketPathBytes, paths } from "../../../src/config/index.ts";

test("everything lies in the data directory, by default in the state folder of the home", () => {
  const found = paths({ HOME: "/home/ada" });
  expect(found.dataDir).toBe("/home/ada/.local/state/solo");
  expect(found.configDir).toBe("/home/ada/.config/solo");
  for (const path of [found.database, found.artifacts, found.logs, found.run, found.lock, found.socket]) {
    expect(path).toStartWith(`${found.dataDir}/`);
  }
});

test("XDG variables move the folders, unless they are relative", () => {
  const moved = paths({ HOME: "/home/ada", XDG_STATE_HOME: "/state", XDG_CONFIG_HOME: "/config" });
  expect(moved).toMatchObject({ dataDir: "/state/solo", configDir: "/config/solo" });
  expect(paths({ HOME: "/home/ada", XDG_STATE_HOME: "state" }).dataDir).toBe("/home/ada/.local/state/solo");
});

test("the sockets lie in the data directory, whatever the session: a client without its variables finds them too", () => {
  const env = { HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/7" };
  expect(paths(env).socket).toBe(paths({ HOME: "/home/ada" }).socket);
  expect(paths(env, "/srv/solo")).toMatchObject({
    socket: "/srv/solo/solo.sock",
    controlSocket: "/srv/solo/control.sock",
  });
});

test("a path too long for a socket becomes a short one that follows from the data directory", () => {
  const long = join("/srv", "x".repeat(120));
  const { socket } = paths({ HOME: "/home/ada" }, long);
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(maxSocketPathBytes);
  expect(socket).toStartWith("/tmp/solo-");
  expect(paths({ HOME: "/home/bob", XDG_RUNTIME_DIR: "/run" }, long).socket).toBe(socket);
  expect(paths({ HOME: "/home/ada" }, `${long}y`).socket).not.toBe(socket);
});

test("the limit counts bytes, not characters", () => {
  const room = maxSocketPathBytes - "//control.sock".length;
  expect(paths({}, `/${"x".repeat(room)}`).socket).toBe(`/${"x".repeat(room)}/solo.sock`);
  expect(paths({}, `/${"x".repeat(room + 1)}`).socket).toStartWith("/tmp/");
  expect(paths({}, `/${"é".repeat(room / 2 + 1)}`).socket).toStartWith("/tmp/");
});
