/**
 * JavaScript compares strings by UTF-16 units, and bytewise order of UTF-8 is that of code points: they differ where a
 * surrogate meets a unit from U+E000 on. These move the two ranges past each other, so that plain `<` gives the order of
 * bytes. Nearly all keys have neither, and are left as they are.
 */
const high = /[\ud800-\uffff]/;
const highUnits = /[\ud800-\uffff]/g;

export function toOrdered(key: string): string {
  return high.test(key) ? key.replace(highUnits, up) : key;
}

export function fromOrdered(ordered: string): string {
  return high.test(ordered) ? ordered.replace(highUnits, down) : ordered;
}

function up(unit: string): string {
  const code = unit.charCodeAt(0);
  return String.fromCharCode(code >= 0xe000 ? code - 0x800 : code + 0x2000);
}

function down(unit: string): string {
  const code = unit.charCodeAt(0);
  return String.fromCharCode(code >= 0xf800 ? code - 0x2000 : code + 0x800);
}
