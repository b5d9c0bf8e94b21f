import { CallFailure } from '../failure.js';
import { Byte, Complex, List, typeName, type Value } from '../values/value.js';
import { type Functions, type TemplateFunction } from './function.js';

type Comparable = boolean | string | bigint | number | Byte | Complex;

/** The kind of a value for comparison. Undefined for nil, slices and the environment, which are not comparable. */
function basicKind(value: Value): string | undefined {
  if (value instanceof Byte) return 'uint';
  if (value instanceof Complex) return 'complex';
  return value === null || typeof value === 'object' ? undefined : typeof value;
}

function incompatible(a: Value, b: Value): CallFailure {
  return new CallFailure(
    `Expected values of the same type to compare, got ${typeName(a)} and ${typeName(b)}.`,
  );
}

function isInteger(value: Value): value is bigint | Byte {
  return typeof value === 'bigint' || value instanceof Byte;
}

/** Converts bytes to bigint, so that signed and unsigned integers compare with each other. */
function comparable(value: Value): Value {
  return value instanceof Byte ? BigInt(value.value) : value;
}

function same(a: Comparable, b: Comparable): boolean {
  if (a instanceof Complex && b instanceof Complex) return a.re === b.re && a.im === b.im;
  return comparable(a) === comparable(b);
}

function equal(a: Value, b: Value): boolean {
  const kind = basicKind(a);
  if (kind !== basicKind(b) && !(isInteger(a) && isInteger(b))) {
    if (a === null || b === null) return false;
    throw incompatible(a, b);
  }
  if (kind !== undefined) return same(a as Comparable, b as Comparable);
  if (a === null || b === null) return a === b;
  if (a instanceof List !== b instanceof List) throw incompatible(a, b);
  throw new CallFailure(`Expected comparable values, got ${typeName(a)}.`);
}

function less(a: Value, b: Value): boolean {
  for (const value of [a, b]) {
    if (basicKind(value) === undefined)
      throw new CallFailure(`Expected values that can be ordered, got ${typeName(value)}.`);
  }
  if (basicKind(a) !== basicKind(b) && !(isInteger(a) && isInteger(b))) throw incompatible(a, b);
  if (typeof a === 'boolean' || a instanceof Complex)
    throw new CallFailure(`Expected values that can be ordered, got ${typeName(a)}.`);
  return (comparable(a) as bigint) < (comparable(b) as bigint);
}

function pair(compare: (a: Value, b: Value) => boolean): TemplateFunction {
  return {
    parameters: ['any', 'any'],
    call: ([a = null, b = null], { budget }) => {
      if (typeof a === 'string' && typeof b === 'string') budget.charge(Math.min(a.length, b.length));
      return compare(a, b);
    },
  };
}

/** `eq`, `ne`, `lt`, `le`, `gt`, `ge`. */
export const COMPARISONS: Functions = {
  eq: {
    parameters: ['any', 'any'],
    variadic: true,
    call: ([first = null, ...others], { budget }) => {
      if (others.length === 0) throw new CallFailure('Expected at least two values to compare, got one.');
      if (typeof first === 'string') budget.charge(first.length * others.length);
      return others.some((other) => equal(first, other));
    },
  },
  ne: pair((a, b) => !equal(a, b)),
  lt: pair(less),
  le: pair((a, b) => less(a, b) || equal(a, b)),
  // As in Go, gt is "not le" and ge is "not lt". This matters for NaN.
  gt: pair((a, b) => !(less(a, b) || equal(a, b))),
  ge: pair((a, b) => !less(a, b)),
};
