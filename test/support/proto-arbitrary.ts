import { create, type DescField, type DescMessage, ScalarType, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";

/** Texts of a field of that name, where those are wanted beside whatever may come. */
export type Texts = Readonly<Record<string, readonly string[]>>;

/** Messages of a type, as bytes: any field set or not, values from within their type's bounds. */
export function messagesOf(type: DescMessage, texts: Texts = {}): fc.Arbitrary<Uint8Array> {
  return contentOf(type, texts).map((content) => toBinary(type, create(type, content)));
}

function contentOf(type: DescMessage, texts: Texts): fc.Arbitrary<Record<string, unknown>> {
  // At most one of a group is set: the last would win.
  const groups = type.oneofs.map(({ localName, fields }) => {
    const cases = fields.map((field) =>
      valuesOf(field, texts).map(
        (value): Record<string, unknown> => ({ [localName]: { case: field.localName, value } }),
      ),
    );
    return fc.oneof(fc.constant<Record<string, unknown>>({}), ...cases);
  });
  const single = type.fields.filter(({ oneof }) => oneof === undefined);
  const fields = fc.record(Object.fromEntries(single.map((field) => [field.localName, valuesOf(field, texts)])), {
    requiredKeys: [],
  });
  return fc.tuple(fields, ...groups).map((parts) => Object.assign({}, ...parts));
}

function valuesOf(field: DescField, texts: Texts): fc.Arbitrary<unknown> {
  if (field.fieldKind === "list") return fc.array(elementOf(field, texts), { maxLength: 3 });
  if (field.fieldKind === "map") return fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 3 });
  return elementOf(field, texts);
}

function elementOf(field: DescField, texts: Texts): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return contentOf(field.message, texts);
  if (field.enum !== undefined)
    return fc.oneof(fc.constantFrom(...field.enum.values.map(({ number }) => number)), fc.nat(99));
  return scalarOf(field.scalar ?? ScalarType.STRING, texts[field.name]);
}

function scalarOf(type: ScalarType, wanted: readonly string[] | undefined): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING: {
      const any = fc.string({ unit: "grapheme" });
      return wanted === undefined ? any : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...wanted) }, any);
    }
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 100 });
    case ScalarType.INT64:
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 5_000n }));
    case ScalarType.UINT64:
      return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 50n }));
    case ScalarType.INT32:
      return fc.oneof(fc.integer(), fc.integer({ min: -1, max: 5_000 }));
    case ScalarType.UINT32:
      return fc.nat();
    default:
      return fc.double({ noNaN: true });
  }
}
