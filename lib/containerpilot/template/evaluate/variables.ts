import { type Value } from '../values/value.js';

/** The variables one template sees, the innermost last. */
export class Variables {
  private readonly stack: { readonly name: string; value: Value }[];

  constructor(dollar: Value) {
    this.stack = [{ name: '$', value: dollar }];
  }

  /** How many there are, to go back to. */
  get mark(): number {
    return this.stack.length;
  }

  /** Forgets what was declared since the mark was taken. */
  release(mark: number): void {
    this.stack.length = mark;
  }

  declare(name: string, value: Value): void {
    this.stack.push({ name, value });
  }

  /** Gives the innermost variable of this name a value; false where there is none. */
  assign(name: string, value: Value): boolean {
    const variable = this.stack.findLast((candidate) => candidate.name === name);
    if (variable) variable.value = value;
    return variable !== undefined;
  }

  /** Sets the last variable but `depth` of them, whatever its name. */
  setLast(depth: number, value: Value): void {
    const variable = this.stack.at(-1 - depth);
    if (variable) variable.value = value;
  }

  /** The value, or undefined where no variable has this name. */
  get(name: string): Value | undefined {
    return this.stack.findLast((candidate) => candidate.name === name)?.value;
  }
}
