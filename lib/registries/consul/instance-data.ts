import { type Instance } from '../../registry/instance.js';
import { isObject } from './consul-response.js';

/** The parts of an instance for which Consul has no field, or which it would refuse in its field. */
export interface InstanceData {
  /** The instance's id, where the service's id in the agent is another one. */
  readonly id?: string;
  readonly zone?: string;
  /** Only the weight 0, which Consul refuses. */
  readonly weight?: number;
  /** Pairs that Consul refuses because of their name, their length or their number. */
  readonly meta?: readonly (readonly [string, string])[];
  /** Ports whose names Consul reserves. */
  readonly ports?: readonly (readonly [string, number])[];
}

/** Limits of Consul's service metadata. */
const MAX_VALUE_BYTES = 512;
const MAX_PAIRS = 64;

/** Prefix of the metadata names that this library reserves. */
export const META_PREFIX = 'sidekick-';
const CHUNK_PREFIX = `${META_PREFIX}data-`;

/** Owner, write id and zone: see `registration.ts`. */
const MAX_OWN_PAIRS = 3;

/** Maximum number of the application's pairs that are written unchanged; the other pairs are reserved. */
const MAX_PLAIN_PAIRS = 32;

const PLAIN_NAME = /^(?!consul-|sidekick-)[A-Za-z0-9_-]{1,128}$/;

/** Whether `value` is short enough for Consul's metadata. */
export function fitsMeta(value: string): boolean {
  return Buffer.byteLength(value) <= MAX_VALUE_BYTES;
}

/** Splits metadata into the pairs that Consul accepts and the rest. */
export function splitMeta(meta: Instance['meta']): {
  readonly plain: Readonly<Record<string, string>>;
  readonly odd: readonly (readonly [string, string])[];
} {
  const fits = ([name, value]: readonly [string, string], index: number): boolean =>
    index < MAX_PLAIN_PAIRS && name !== '__proto__' && PLAIN_NAME.test(name) && fitsMeta(value);
  const pairs = Object.entries(meta).map((pair, index) => ({ pair, plain: fits(pair, index) }));
  return {
    plain: Object.fromEntries(pairs.filter(({ plain }) => plain).map(({ pair }) => pair)),
    odd: pairs.filter(({ plain }) => !plain).map(({ pair }) => pair),
  };
}

/** Encodes `data` as metadata pairs; undefined when it does not fit into Consul's limits. */
export function packData(data: InstanceData): Readonly<Record<string, string>> | undefined {
  if (Object.keys(data).length === 0) return {};
  // Base64 has one byte a character, so that every chunk has the length that Consul counts.
  const text = Buffer.from(JSON.stringify(data)).toString('base64');
  const chunks = text.match(new RegExp(`.{1,${MAX_VALUE_BYTES}}`, 'g')) ?? [];
  if (chunks.length > MAX_PAIRS - MAX_PLAIN_PAIRS - MAX_OWN_PAIRS) return undefined;
  return Object.fromEntries(chunks.map((chunk, index) => [`${CHUNK_PREFIX}${index}`, chunk]));
}

function isPairs(value: unknown, type: 'string' | 'number'): boolean {
  return (
    value === undefined ||
    (Array.isArray(value) &&
      value.every(
        (pair: unknown) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === type,
      ))
  );
}

/** Decodes the metadata pairs of {@link packData}; undefined when they are damaged. */
export function unpackData(meta: Readonly<Record<string, string>>): InstanceData | undefined {
  let text = '';
  for (let index = 0; ; index++) {
    const chunk = meta[`${CHUNK_PREFIX}${index}`];
    if (chunk === undefined) break;
    text += chunk;
  }
  if (text === '') return {};
  try {
    const data = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
    if (!isObject(data)) return undefined;
    const { id, zone, weight, meta: odd, ports } = data;
    const valid =
      (id === undefined || typeof id === 'string') &&
      (zone === undefined || typeof zone === 'string') &&
      (weight === undefined || typeof weight === 'number') &&
      isPairs(odd, 'string') &&
      isPairs(ports, 'number');
    return valid ? data : undefined;
  } catch {
    return undefined;
  }
}
