const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/**
 * A completion script for a shell. It asks the program itself for every word (`solo completion words`), so that it never
 * gets out of step with it; where the program has nothing to offer, the shell offers files.
 */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `_solo() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$word")
  done < <("\${COMP_WORDS[0]}" completion words -- "\${words[@]}" 2>/dev/null)
}
complete -o default -o nosort -F _solo solo
`,
  zsh: `#compdef solo
_solo() {
  local line word description
  local -a found
  while IFS=$'\\t' read -r word description; do
    found+=("\${word//:/\\\\:}:\${description}")
  done < <("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe -V solo found
  else
    _files
  fi
}
compdef _solo solo
`,
  fish: `function __solo_words
  set -l line (commandline -opc) (commandline -ct)
  $line[1] completion words -- $line[2..-1] 2>/dev/null
end
complete -c solo -a '(__solo_words)'
`,
};
