import { InvalidOptionError } from '../../common/errors/index.js';
import { expected } from '../../common/expected.js';
import { SIDEKICKER_SYNTAX } from '../sidekicker-syntax.js';
import { optionsOf, type Syntax } from '../syntax.js';
import { type Command } from '../run-command.js';
import { EXIT } from '../terminal.js';

/** Verbs whose operands are names of services. */
const SERVICE_VERBS = ['ls', 'watch', 'call', 'doctor'];

function flagsOf(syntax: Syntax): readonly string[] {
  return Object.keys(optionsOf(syntax)).map((name) => `${syntax.dashes}${name}`);
}

const verbOf = ({ name }: Syntax): string => name.split(' ')[1] ?? '';

/**
 * Names of services come from a registry. `compgen -W` would evaluate them, so the script compares and quotes them.
 */
function bash(syntaxes: readonly Syntax[]): string {
  const verbs = syntaxes.map(verbOf);
  const flags = syntaxes.map((syntax) => `      ${verbOf(syntax)}) words="${flagsOf(syntax).join(' ')}" ;;`);
  return `_piloted() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" verb="\${COMP_WORDS[1]}" words="" name
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${verbs.join(' ')} --help --version"
  elif [[ $cur == -* ]]; then
    case "$verb" in
${flags.join('\n')}
    esac
  else
    case "$verb" in
      ${SERVICE_VERBS.join('|')})
        while IFS= read -r name; do
          [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf %q "$name")")
        done < <(piloted ls 2>/dev/null)
        ;;
      *) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _piloted piloted
complete -W "${flagsOf(SIDEKICKER_SYNTAX).join(' ')}" sidekicker`;
}

/** In single quotes for zsh and fish. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function zsh(syntaxes: readonly Syntax[]): string {
  const verbs = syntaxes.map((syntax) => `    ${quoted(`${verbOf(syntax)}:${syntax.summary}`)}`);
  const flags = syntaxes.map(
    (syntax) => `      ${verbOf(syntax)}) compadd -- ${flagsOf(syntax).join(' ')} ;;`,
  );
  return `#compdef piloted sidekicker
_piloted() {
  local -a verbs
  verbs=(
${verbs.join('\n')}
  )
  if [[ $service == sidekicker ]]; then
    compadd -- ${flagsOf(SIDEKICKER_SYNTAX).join(' ')}
  elif (( CURRENT == 2 )); then
    _describe command verbs
  elif [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
${flags.join('\n')}
    esac
  else
    case $words[2] in
      ${SERVICE_VERBS.join('|')}) compadd -- \${(f)"$(piloted ls 2>/dev/null)"} ;;
      *) _files ;;
    esac
  fi
}
compdef _piloted piloted sidekicker`;
}

function fish(syntaxes: readonly Syntax[]): string {
  const verbs = syntaxes.map(
    (syntax) =>
      `complete -c piloted -n __fish_use_subcommand -f -a ${verbOf(syntax)} -d ${quoted(syntax.summary)}`,
  );
  const options = (program: string, condition: string, syntax: Syntax): string[] =>
    Object.entries(optionsOf(syntax)).map(([name, { value, about }]) => {
      const form = syntax.dashes === '-' ? `-o ${name}` : `-l ${name}`;
      const [first = ''] = about.split('\n');
      return `complete -c ${program}${condition} ${form}${value === undefined ? '' : ' -r'} -d ${quoted(first)}`;
    });
  const flags = syntaxes.flatMap((syntax) =>
    options('piloted', ` -n '__fish_seen_subcommand_from ${verbOf(syntax)}'`, syntax),
  );
  const services = `complete -c piloted -n '__fish_seen_subcommand_from ${SERVICE_VERBS.join(' ')}' -f -a '(piloted ls 2>/dev/null)'`;
  return [...verbs, ...flags, services, ...options('sidekicker', '', SIDEKICKER_SYNTAX)].join('\n');
}

const SHELLS = { bash, zsh, fish } as const;

/**
 * `piloted completion`: prints a script that completes the commands and options of both programs in a shell.
 *
 * @param syntaxes returns the syntaxes of all commands of `piloted`
 */
export function completionOf(syntaxes: () => readonly Syntax[]): Command {
  return {
    syntax: {
      name: 'piloted completion',
      summary: 'print the completion script of a shell',
      operands: ['bash|zsh|fish'],
      maxOperands: 1,
      about: [
        'Prints a script for bash, zsh or fish that completes the commands and options of piloted and sidekicker.',
      ],
      options: {},
      dashes: '--',
      examples: [
        ['eval "$(piloted completion bash)"', 'in ~/.bashrc'],
        ['eval "$(piloted completion zsh)"', 'in ~/.zshrc, after compinit'],
        ['piloted completion fish > ~/.config/fish/completions/piloted.fish', 'for fish'],
      ],
    },
    run: (args, terminal) => {
      const [shell] = args.operands;
      if (shell === undefined) throw new InvalidOptionError('Expected a shell, got none: bash, zsh or fish.');
      if (!Object.hasOwn(SHELLS, shell)) throw expected('the shell', 'bash, zsh or fish', shell);
      terminal.out(SHELLS[shell as keyof typeof SHELLS](syntaxes()));
      return EXIT.ok;
    },
  };
}
