/** @jsxImportSource preact */

export interface SearchFieldProps {
  /** For who can't see it. */
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** A field that a list is searched by; the key `/` goes to it. */
export function SearchField({ label, placeholder, value, onValue }: SearchFieldProps) {
  return (
    <input
      type="search"
      placeholder={placeholder}
      aria-label={label}
      data-key="/"
      value={value}
      onInput={({ currentTarget }) => onValue(currentTarget.value)}
    />
  );
}
