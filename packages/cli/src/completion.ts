import type { Command } from 'commander'

/** The words that may stand at each place: `orders` is followed by `list`, `get` and so on. */
function wordsOf(command: Command): Record<string, string[]> {
  const nested = command.commands.filter(({ commands }) => commands.length > 0)
  return {
    '': command.commands.map((one) => one.name()),
    ...Object.fromEntries(nested.map((one) => [one.name(), one.commands.map((below) => below.name())])),
  }
}

const shells: Record<string, (words: Record<string, string[]>) => string> = {
  bash: ({ '': first, ...nested }) => `_ordinal() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" = 1 ]; then words="${first!.join(' ')}"; fi
  if [ "$COMP_CWORD" = 2 ]; then case "\${COMP_WORDS[1]}" in
${Object.entries(nested)
  .map(([name, words]) => `    ${name}) words="${words.join(' ')}" ;;`)
  .join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _ordinal ordinal
`,
  zsh: ({ '': first, ...nested }) => `#compdef ordinal
_ordinal() {
  if (( CURRENT == 2 )); then compadd ${first!.join(' ')}; fi
  if (( CURRENT == 3 )); then case $words[2] in
${Object.entries(nested)
  .map(([name, words]) => `    ${name}) compadd ${words.join(' ')} ;;`)
  .join('\n')}
  esac; fi
}
compdef _ordinal ordinal
`,
  fish: ({ '': first, ...nested }) =>
    [
      `complete -c ordinal -f -n __fish_use_subcommand -a '${first!.join(' ')}'`,
      ...Object.entries(nested).map(
        ([name, words]) =>
          `complete -c ordinal -f -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`,
      ),
      '',
    ].join('\n'),
}

export const shellNames = Object.keys(shells)

/** What a shell has to read so that it completes the commands of a program. */
export const completionFor = (shell: string, program: Command): string => shells[shell]!(wordsOf(program))
