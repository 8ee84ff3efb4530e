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
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") word prefix=
  local last=$((COMP_CWORD - 1))
  # For bash, --flag=value is three words, of which it completes the third.
  if ((last > 0)) && [[ \${words[last]} == "=" ]]; then
    prefix=\${words[last - 1]}=
    words=("\${words[@]:0:last - 1}" "$prefix")
  elif ((last > 1)) && [[ \${words[last - 1]} == "=" ]]; then
    prefix=\${words[last - 2]}=
    words=("\${words[@]:0:last - 2}" "$prefix\${words[last]}")
  fi
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("\${word#"$prefix"}")
  done < <("\${COMP_WORDS[0]}" completion words -- "\${words[@]}" 2>/dev/null)
}
complete -o default -o nosort -F _solo solo
`,
  zsh: `#compdef solo
_solo() {
  local word description
  local -a found
  while IFS=$'\\t' read -r word description; do
    found+=("\${word//:/\\\\:}\${description:+:}\${description}")
  done < <("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe -V solo found
  else
    _files
  fi
}
# Loaded from a folder of fpath, this file is the function itself.
if [[ \${funcstack[1]} == _solo ]]; then
  _solo "$@"
else
  compdef _solo solo
fi
`,
  fish: `function __solo_words
  set -l line (commandline -opc) (commandline -ct)
  set -l found ($line[1] completion words -- $line[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c solo -f -a '(__solo_words)'
`,
};
