/** A Go byte (uint8): the result of indexing a string. */
export class Byte {
  constructor(readonly value: number) {}
}

/** A Go complex128: the value of an imaginary literal. */
export class Complex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {}
}

/** A Go slice: a view of an array. Slicing it again can extend it up to its capacity. */
export class List {
  constructor(
    readonly elem: 'string' | 'int',
    private readonly backing: readonly (string | bigint)[],
    readonly capacity: number = backing.length,
    readonly length: number = backing.length,
    private readonly offset = 0,
  ) {}

  at(index: number): string | bigint {
    return this.backing[this.offset + index] ?? (this.elem === 'int' ? 0n : '');
  }

  slice(from: number, to: number, capacity: number): List {
    return new List(this.elem, this.backing, capacity - from, to - from, this.offset + from);
  }

  /** The elements in order. */
  *[Symbol.iterator](): Generator<string | bigint> {
    for (let i = 0; i < this.length; i += 1) yield this.at(i);
  }
}

/** The environment: the only map that a template can access. Records reads of unset variables. */
export class Environment {
  readonly unset = new Set<string>();

  constructor(private readonly variables: ReadonlyMap<string, string>) {}

  get size(): number {
    return this.variables.size;
  }

  /** The value of a variable, or `''` if it is not set. */
  get(name: string): string {
    const value = this.variables.get(name);
    if (value === undefined) this.unset.add(name);
    return value ?? '';
  }

  /** Names and values, ordered by the bytes of the names. */
  entries(): (readonly [string, string])[] {
    return [...this.variables].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** A value of the template language: nil, bool, string (bytes), int (64 bits), float64 and the classes above. */
export type Value = null | boolean | string | bigint | number | Byte | Complex | List | Environment;

/** The Go name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'nil';
  if (value instanceof Byte) return 'uint8';
  if (value instanceof Complex) return 'complex128';
  if (value instanceof List) return `[]${value.elem}`;
  if (value instanceof Environment) return 'template.Environment';
  return { boolean: 'bool', string: 'string', bigint: 'int', number: 'float64' }[
    typeof value as 'boolean' | 'string' | 'bigint' | 'number'
  ];
}

/** Whether a value is true for `if`, `and` and `or`. Nil, false, zero and empty values are false. NaN is true. */
export function isTrue(value: Value): boolean {
  if (value === null || typeof value === 'boolean') return value === true;
  if (typeof value === 'string' || value instanceof List) return value.length > 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'number') return value !== 0;
  if (value instanceof Byte) return value.value !== 0;
  return value instanceof Complex ? value.re !== 0 || value.im !== 0 : value.size > 0;
}
