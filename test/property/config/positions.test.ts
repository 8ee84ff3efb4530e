import { test } from "bun:test";
import fc from "fast-check";
import { parse } from "smol-toml";
import { placeAt } from "../../../src/config/place.ts";
import { JsonSyntaxError, scanJson } from "../../../src/config/scan/json.ts";
import type { KeyMap } from "../../../src/config/scan/key-map.ts";
import { scanToml } from "../../../src/config/scan/toml.ts";
import { TomlWriter, type Tree, treeArbitrary } from "./toml-writer.ts";

test("every key of a random TOML document is found where it was written", () => {
  fc.assert(
    fc.property(treeArbitrary, fc.infiniteStream(fc.nat()), (tree, choices) => {
      const writer = new TomlWriter(choices);
      writer.document(tree);
      expectSame(parse(writer.text), tree, writer.text);
      expectPlaces(scanToml(writer.text).keys, writer.places, writer.text);
    }),
    { numRuns: 1_000 },
  );
});

test("every key of a random JSON document is found where it is written", () => {
  const indent = fc.constantFrom(undefined, 1, "\t", "  ");
  fc.assert(
    fc.property(treeArbitrary, indent, (tree, space) => {
      const text = JSON.stringify(tree, null, space);
      const keys = scanJson(text);
      for (const [path, offset] of jsonPlaces(tree, text, space)) expectAt(keys, path, offset, text);
    }),
  );
});

test("the JSON scanner takes exactly what JSON.parse takes", () => {
  const pieces = fc
    .array(fc.constantFrom(...'{}[]:,"ab\\u00e10.-+ \n\tEtruefalsenl'), { maxLength: 12 })
    .map((chars) => chars.join(""));
  const broken = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom("", '"', "]", ",", "0", "\\"))
    .map(([json, at, insert]) => {
      const offset = at % (json.length + 1);
      return json.slice(0, offset) + insert + json.slice(offset + 1);
    });
  fc.assert(
    fc.property(fc.oneof(pieces, fc.json(), broken), (text) => {
      // What only we refuse: names that JavaScript treats in its own way, and names that stand twice.
      if (/__proto__|constructor/.test(text)) return;
      const error = failureOf(() => scanJson(text));
      if (error?.message.includes("twice")) return;
      expectSame(error === undefined, failureOf(() => JSON.parse(text)) === undefined, text);
    }),
    { numRuns: 2_000 },
  );
});

test("a place counts lines and characters", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", ""))),
      (tail, lines) => {
        const last = lines.at(-1) ?? "";
        const text = lines.join("\n") + tail;
        const place = placeAt("f", text, lines.join("\n").length);
        expectSame(place, { file: "f", line: Math.max(1, lines.length), column: [...last].length + 1 }, text);
      },
    ),
  );
});

function expectPlaces(keys: KeyMap, places: ReadonlyMap<string, number>, text: string): void {
  for (const [path, offset] of places) expectAt(keys, JSON.parse(path), offset, text);
  const found = [...keys].map(({ path }) => JSON.stringify(path)).toSorted();
  expectSame(found, [...places.keys()].toSorted(), text);
}

function expectAt(keys: KeyMap, path: (string | number)[], offset: number, text: string): void {
  expectSame({ path, start: keys.get(path)?.key.start }, { path, start: offset }, text);
}

function expectSame(actual: unknown, expected: unknown, text: string): void {
  if (!Bun.deepEquals(actual, expected)) {
    throw new Error(`${Bun.inspect(actual)} is not ${Bun.inspect(expected)} in:\n${text}`);
  }
}

function failureOf(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof SyntaxError) return error;
    throw error;
  }
}

/** Where `JSON.stringify` puts each key, told by writing the document up to it. */
function* jsonPlaces(
  tree: Tree,
  text: string,
  space: string | number | undefined,
): Generator<[(string | number)[], number]> {
  const colon = space === undefined ? ":" : ": ";
  let from = 0;
  const visit = function* (value: unknown, path: (string | number)[]): Generator<[(string | number)[], number]> {
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) yield* visit(element, [...path, index]);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        const spelt = JSON.stringify(key) + colon;
        from = text.indexOf(spelt, from);
        yield [[...path, key], from];
        from += spelt.length;
        yield* visit(inner, [...path, key]);
      }
    } else {
      from = text.indexOf(JSON.stringify(value), from) + JSON.stringify(value).length;
    }
  };
  yield* visit(tree, []);
}
