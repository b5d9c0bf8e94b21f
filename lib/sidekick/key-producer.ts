import { type RecordSource } from '../registration/value-updater.js';
import { type Value } from './sidekick.options.js';
import { checkValue } from './sidekick.validation.js';

/**
 * Makes the record of a key, or the function that computes it. A computed value is checked with each call.
 *
 * @throws InvalidOptionError from the returned function, for a bad computed value
 */
export function keyProducer(key: string, value: Value): RecordSource {
  if (typeof value !== 'function') return { kind: 'key', key, value };
  return async (signal) => {
    const computed: unknown = await value(signal);
    checkValue(key, computed);
    return { kind: 'key', key, value: computed };
  };
}
