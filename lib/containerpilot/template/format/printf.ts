import { type Budget } from '../limits.js';
import { runeAt } from '../values/bytes.js';
import { Byte, typeName, type Value } from '../values/value.js';
import { noFlags, type Flags } from './flags.js';
import { formatValue } from './print.js';

/** The largest width or precision that Go accepts. */
const MAX_NUMBER = 1_000_000;
/** Budget that each verb costs, in bytes. */
const VERB_COST = 128;

const FLAG: Readonly<Record<string, (flags: Flags) => void>> = {
  '#': (flags) => (flags.sharp = true),
  '0': (flags) => (flags.zero = !flags.minus),
  '+': (flags) => (flags.plus = true),
  '-': (flags) => {
    flags.minus = true;
    flags.zero = false;
  },
  ' ': (flags) => (flags.space = true),
};

class Printf {
  private readonly parts: string[] = [];
  private at = 0;
  private argument = 0;
  private reordered = false;
  private goodIndex = true;
  private afterIndex = false;
  /** Position of the last `]`. A search for one behind it would read the rest of the format for each `[`. */
  private readonly lastClose: number;

  constructor(
    private readonly format: string,
    private readonly args: readonly Value[],
    private readonly budget: Budget,
  ) {
    this.lastClose = format.lastIndexOf(']');
  }

  run(): string {
    const { format } = this;
    while (this.at < format.length) {
      const percent = format.indexOf('%', this.at);
      const end = percent < 0 ? format.length : percent;
      this.write(format.slice(this.at, end));
      this.at = end + 1;
      if (percent >= 0) this.verb();
    }
    this.extra();
    return this.parts.join('');
  }

  private write(text: string): void {
    if (text !== '') this.parts.push(this.budget.chargeValue(text));
  }

  /** Formats one verb. The position is after its percent sign. */
  private verb(): void {
    this.budget.charge(VERB_COST);
    const flags = noFlags();
    this.goodIndex = true;
    for (let set = FLAG[this.peek()]; set; set = FLAG[this.peek()]) {
      set(flags);
      this.at += 1;
    }
    this.index();
    this.width(flags);
    if (this.peek() === '.' && this.at + 1 < this.format.length) this.precision(flags);
    if (!this.afterIndex) this.index();
    if (this.at >= this.format.length) {
      this.write('%!(NOVERB)');
      return;
    }
    const verb = this.format.slice(this.at, this.at + runeAt(this.format, this.at).size);
    this.at += verb.length;
    this.afterIndex = false;
    this.write(this.formatted(verb, flags));
  }

  private formatted(verb: string, flags: Flags): string {
    if (verb === '%') return '%';
    if (!this.goodIndex) return `%!${verb}(BADINDEX)`;
    const arg = this.args[this.argument];
    if (arg === undefined) return `%!${verb}(MISSING)`;
    this.argument += 1;
    if (verb === 'v') {
      flags.sharpV = flags.sharp;
      flags.sharp = false;
      flags.plusV = flags.plus;
      flags.plus = false;
    }
    return formatValue(arg, verb, flags);
  }

  private peek(): string {
    return this.format.charAt(this.at);
  }

  /** Parses `[n]`, the one-based index of the next argument. */
  private index(): void {
    this.afterIndex = false;
    if (this.peek() !== '[') return;
    this.reordered = true;
    if (this.at > this.lastClose) {
      this.goodIndex = false;
      this.at += 1;
      return;
    }
    const close = this.format.indexOf(']', this.at);
    const text = this.format.slice(this.at + 1, close);
    const number = /^\d+$/.test(text) ? Number(text) : 0;
    const wellFormed = /^\d+$/.test(text) && number <= 10 * MAX_NUMBER;
    this.at = close + 1;
    this.afterIndex = wellFormed;
    if (wellFormed && number >= 1 && number <= this.args.length) this.argument = number - 1;
    else this.goodIndex = false;
  }

  private width(flags: Flags): void {
    if (this.peek() === '*') {
      this.at += 1;
      const width = this.intArgument();
      if (width === undefined) this.write('%!(BADWIDTH)');
      else if (width < 0) {
        flags.minus = true;
        flags.zero = false;
      }
      flags.width = width === undefined ? undefined : Math.abs(width);
      this.afterIndex = false;
      return;
    }
    flags.width = this.number();
    if (this.afterIndex && flags.width !== undefined) this.goodIndex = false;
  }

  private precision(flags: Flags): void {
    this.at += 1;
    if (this.afterIndex) this.goodIndex = false;
    this.index();
    if (this.peek() !== '*') {
      flags.precision = this.number() ?? 0;
      return;
    }
    this.at += 1;
    const precision = this.intArgument();
    if (precision === undefined || precision < 0) this.write('%!(BADPREC)');
    else flags.precision = precision;
    this.afterIndex = false;
  }

  /** Parses digits. As in Go, a number that is too large consumes the rest of the format. */
  private number(): number | undefined {
    const digits = /^\d*/.exec(this.format.slice(this.at, this.at + 20))?.[0] ?? '';
    if (digits === '') return undefined;
    for (let i = 1; i < digits.length; i += 1) {
      if (Number(digits.slice(0, i)) > MAX_NUMBER) {
        this.at = this.format.length;
        return undefined;
      }
    }
    this.at += digits.length;
    return Number(digits);
  }

  private intArgument(): number | undefined {
    const arg = this.args[this.argument];
    if (arg === undefined) return undefined;
    this.argument += 1;
    const value = arg instanceof Byte ? arg.value : typeof arg === 'bigint' ? Number(arg) : undefined;
    return value === undefined || Math.abs(value) > MAX_NUMBER ? undefined : value;
  }

  /** Appends Go's error for unused arguments. */
  private extra(): void {
    const rest = this.args.slice(this.argument);
    if (this.reordered || rest.length === 0) return;
    const flags = noFlags();
    const extra = rest.map((arg) =>
      arg === null ? '<nil>' : `${typeName(arg)}=${formatValue(arg, 'v', flags)}`,
    );
    this.write(`%!(EXTRA ${extra.join(', ')})`);
  }
}

/** Go's `Sprintf`, including its errors in the output. `format` and the result are bytes. */
export function printf(format: string, args: readonly Value[], budget: Budget): string {
  return new Printf(format, args, budget).run();
}
