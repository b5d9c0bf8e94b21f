import { type ComputeRecord } from '../registration/value-updater.js';
import { type Value } from './sidekick.options.js';
import { checkValue } from './sidekick.validation.js';

/**
 * Makes the function that computes the record of a key. A computed value is checked with each call.
 *
 * @throws InvalidOptionError from the returned function, for a bad computed value
 */
export function keyProducer(key: string, value: Value): ComputeRecord {
  if (typeof value !== 'function') return () => ({ kind: 'key', key, value });
  return async (signal) => {
    const computed: unknown = await value(signal);
    checkValue(key, computed);
    return { kind: 'key', key, value: computed };
  };
}
