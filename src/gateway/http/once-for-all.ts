/**
 * Writes each element once for all who get the same one: a thousand followers of one log do, one right after the other. What was
 * written last is remembered, up to {@link keptChars}. Nobody changes an element that was told.
 */
export function onceForAll(write: (element: unknown) => string): (element: unknown) => string {
  const texts = new Map<unknown, string>();
  let chars = 0;
  return (element) => {
    const known = texts.get(element);
    if (known !== undefined) return known;
    const text = write(element);
    texts.set(element, text);
    chars += text.length;
    for (const [oldest, { length }] of texts) {
      if (chars <= keptChars) break;
      texts.delete(oldest);
      chars -= length;
    }
    return text;
  };
}

/** Who is further behind than that has his elements written anew. */
const keptChars = 262_144;
