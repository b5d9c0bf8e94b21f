import { BASICS } from './printing.js';
import { COLLECTIONS } from './collections.js';
import { COMPARISONS } from './compare.js';
import { CONTAINERPILOT } from './containerpilot.js';
import { ESCAPERS } from './escape.js';
import { type TemplateFunction } from './function.js';

/** `and` and `or` evaluate only as many arguments as decide the result; the evaluator does that. */
export const SHORT_CIRCUIT: ReadonlySet<string> = new Set(['and', 'or']);

/** Every function by its name, but `and` and `or`. A map, so that `constructor` is no function. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...BASICS, ...COLLECTIONS, ...COMPARISONS, ...ESCAPERS, ...CONTAINERPILOT }),
);

/** Whether a template may call `name`. */
export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name) || SHORT_CIRCUIT.has(name);
}
