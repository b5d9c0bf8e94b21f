import { type ComputeRecord } from '../registration/value-updater.js';
import { type Value } from './sidekick.options.js';
import { checkValue } from './sidekick.validation.js';

/** Makes the record of a key from its value, and checks a computed one. */
export function keyProducer(key: string, value: Value): ComputeRecord {
  if (typeof value !== 'function') return () => ({ kind: 'key', key, value });
  return async (signal) => {
    const computed: unknown = await value(signal);
    checkValue(key, computed);
    return { kind: 'key', key, value: computed };
  };
}
