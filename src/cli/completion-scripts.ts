/**
 * Completion for shells: each script hands the words of the line to `keyturn __complete` and shows what comes back,
 * lines `VALUE:HELP`, `:files` or `:directories`. So a script never goes out of date, whatever commands there are.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# bash completion for keyturn. For this shell:  source <(keyturn completion bash)
_keyturn() {
  local line path current=\${COMP_WORDS[COMP_CWORD]} kind
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :directories)
        compopt -o filenames 2> /dev/null
        kind=-f
        if [ "$line" = :directories ]; then kind=-d; fi
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen $kind -- "$current")
        ;;
      *) COMPREPLY+=("\${line%%:*}") ;;
    esac
  done < <("\${1/#\\~/$HOME}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -F _keyturn keyturn`;

const ZSH = `#compdef keyturn
# zsh completion for keyturn. For this shell:  source <(keyturn completion zsh)
_keyturn() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
      :files) _files ;;
      :directories) _files -/ ;;
      *) found+=("$line") ;;
    esac
  done < <("\${words[1]/#\\~/$HOME}" __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if (( $#found )); then _describe -t values keyturn found; fi
}
if [ "\${funcstack[1]}" = _keyturn ]; then
  _keyturn "$@"
else
  compdef _keyturn keyturn
fi`;

const FISH = `# fish completion for keyturn. For this shell:  keyturn completion fish | source
function __keyturn_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    for line in ($program __complete -- $words "$current" 2> /dev/null)
        switch $line
            case ':files' ':directories'
                __fish_complete_path "$current"
            case '*'
                string replace ':' \\t -- $line
        end
    end
end
complete -c keyturn -f -a '(__keyturn_complete)'`;

/** The scripts, by shell. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
