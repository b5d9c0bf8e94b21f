import { CallFailure } from '../failure.js';
import { Byte, Environment, List, typeName, type Value } from '../values/value.js';
import { type Functions } from './function.js';

/**
 * Converts an index.
 *
 * @throws CallFailure unless it is an int from 0 to `max`
 */
function position(index: Value, max: number): number {
  const number = index instanceof Byte ? BigInt(index.value) : index;
  if (typeof number !== 'bigint')
    throw new CallFailure(`Expected an index to be an int, got ${typeName(index)}.`);
  if (number < 0n || number > BigInt(max))
    throw new CallFailure(`Expected an index from 0 to ${max}, got ${number}.`);
  return Number(number);
}

function element(item: Value, index: Value): Value {
  if (item instanceof Environment) {
    if (typeof index !== 'string')
      throw new CallFailure(`Expected the name of a variable as index, got ${typeName(index)}.`);
    return item.get(index);
  }
  if (typeof item === 'string') return new Byte(item.charCodeAt(position(index, item.length - 1)));
  if (item instanceof List) return item.at(position(index, item.length - 1));
  throw new CallFailure(`Expected a map, slice or string to index, got ${typeName(item)}.`);
}

function slice(item: Value, indexes: readonly Value[]): Value {
  if (typeof item !== 'string' && !(item instanceof List))
    throw new CallFailure(`Expected a slice or string to slice, got ${typeName(item)}.`);
  const max = typeof item === 'string' ? 2 : 3;
  if (indexes.length > max)
    throw new CallFailure(`Expected at most ${max} indexes to slice by, got ${indexes.length}.`);
  const capacity = typeof item === 'string' ? item.length : item.capacity;
  const [from = 0, to = item.length, end = capacity] = indexes.map((index) => position(index, capacity));
  if (from > to || to > end)
    throw new CallFailure(`Expected ascending indexes to slice by, got ${from}, ${to}, ${end}.`);
  return typeof item === 'string' ? item.slice(from, to) : item.slice(from, to, end);
}

/** `index`, `slice`, `len`. */
export const COLLECTIONS: Functions = {
  index: {
    parameters: ['any', 'any'],
    variadic: true,
    call: ([item = null, ...indexes]) => {
      if (item === null) throw new CallFailure('Expected a map, slice or string to index, got nil.');
      return indexes.reduce(element, item);
    },
  },
  slice: {
    parameters: ['any', 'any'],
    variadic: true,
    call: ([item = null, ...indexes]) => slice(item, indexes),
  },
  len: {
    parameters: ['any'],
    call: ([item = null]) => {
      if (typeof item === 'string' || item instanceof List) return BigInt(item.length);
      if (item instanceof Environment) return BigInt(item.size);
      throw new CallFailure(`Expected a map, slice or string for len, got ${typeName(item)}.`);
    },
  },
};
