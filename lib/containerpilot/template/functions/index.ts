import { BASICS } from './printing.js';
import { COLLECTIONS } from './collections.js';
import { COMPARISONS } from './compare.js';
import { CONTAINERPILOT } from './containerpilot.js';
import { ESCAPERS } from './escape.js';
import { type TemplateFunction } from './function.js';

/** The functions that evaluate only as many arguments as needed. The evaluator implements them. */
export const SHORT_CIRCUIT: ReadonlySet<string> = new Set(['and', 'or']);

/** All functions by name, except `and` and `or`. A map, so that `constructor` is not a function. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...BASICS, ...COLLECTIONS, ...COMPARISONS, ...ESCAPERS, ...CONTAINERPILOT }),
);

/** Whether a template may call `name`. */
export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name) || SHORT_CIRCUIT.has(name);
}
