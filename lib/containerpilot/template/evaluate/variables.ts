import { type Value } from '../values/value.js';

/** The variables in scope, as a stack with the innermost at the end. */
export class Variables {
  private readonly stack: { readonly name: string; value: Value }[];

  constructor(dollar: Value) {
    this.stack = [{ name: '$', value: dollar }];
  }

  /** The size of the stack, for {@link Variables.release}. */
  get mark(): number {
    return this.stack.length;
  }

  /** Removes the variables declared since `mark`. */
  release(mark: number): void {
    this.stack.length = mark;
  }

  declare(name: string, value: Value): void {
    this.stack.push({ name, value });
  }

  /** Assigns to the innermost variable with this name. Returns false if there is none. */
  assign(name: string, value: Value): boolean {
    const variable = this.stack.findLast((candidate) => candidate.name === name);
    if (variable) variable.value = value;
    return variable !== undefined;
  }

  /** Assigns to the variable `depth` places below the innermost one. */
  setLast(depth: number, value: Value): void {
    const variable = this.stack.at(-1 - depth);
    if (variable) variable.value = value;
  }

  /** The value of the innermost variable with this name, or undefined if there is none. */
  get(name: string): Value | undefined {
    return this.stack.findLast((candidate) => candidate.name === name)?.value;
  }
}
