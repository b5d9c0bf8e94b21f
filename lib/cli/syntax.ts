/** An option of a command. */
export interface Option {
  /** The placeholder of its value, such as `URL`. Without it the option is a switch. */
  readonly value?: string;
  /** One or more lines for the help. */
  readonly about: string;
  /** A name of one letter. */
  readonly short?: string;
  /** Whether it may be given several times. */
  readonly repeated?: boolean;
}

/** What a command accepts: the single source of its parser, its help and its completion scripts. */
export interface Syntax {
  /** The words that start the command: `piloted ls`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs of the help, one line each, after the usage. */
  readonly about: readonly string[];
  /** Forms of the operands for the usage, such as `[SERVICE…]`. An empty string for none. */
  readonly operands: readonly string[];
  /** The most operands that the command takes. */
  readonly maxOperands: number;
  readonly options: Readonly<Record<string, Option>>;
  /** The dashes that the help shows before an option. Both forms are accepted. */
  readonly dashes: '-' | '--';
  /** Whether the words after the first `--` are a command to run. */
  readonly command?: boolean;
  /** Command lines, each with its explanation. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  help: { about: 'print this help', short: 'h' },
} as const satisfies Record<string, Option>;

/** The options of `syntax`, {@link COMMON_OPTIONS} included. */
export function optionsOf({ options }: Syntax): Readonly<Record<string, Option>> {
  return { ...options, ...COMMON_OPTIONS };
}

/** Column in which the explanations of options begin. */
const INDENT = 22;

function lines(left: string, about: string): string {
  const [first = '', ...more] = about.split('\n');
  const start =
    left.length < INDENT - 1 ? `${left.padEnd(INDENT)}${first}` : `${left}\n${' '.repeat(INDENT)}${first}`;
  return [start, ...more.map((line) => `${' '.repeat(INDENT)}${line}`)].join('\n');
}

/** The usage of a command, a line for each form of its operands. */
export function usageOf({ name, operands }: Syntax): string {
  return operands
    .map((form, i) => `${i === 0 ? 'Usage: ' : '       '}${`${name} [OPTIONS] ${form}`.trimEnd()}`)
    .join('\n');
}

/** The complete help of a command. */
export function helpOf(syntax: Syntax): string {
  const options = Object.entries(optionsOf(syntax)).map(([name, { value, about, short }]) => {
    const names = `${short === undefined ? '' : `-${short}, `}${syntax.dashes}${name}`;
    return lines(`  ${names}${value === undefined ? '' : ` ${value}`}`, about);
  });
  const examples = syntax.examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
  return [
    usageOf(syntax),
    '',
    ...syntax.about,
    '',
    'Options:',
    ...options,
    ...(examples.length > 0 ? ['', 'Examples:', ...examples] : []),
  ].join('\n');
}
