/** @jsxImportSource preact */
import type { ComponentChild } from "preact";

/** A text in which what was searched for stands out. */
export function Marked({ text, search }: { readonly text: string; readonly search: string }) {
  if (search === "") return <>{text}</>;
  const parts: ComponentChild[] = [];
  const [lower, wanted] = [text.toLowerCase(), search.toLowerCase()];
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
