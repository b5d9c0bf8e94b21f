import { type Instance } from '../../registry/instance.js';
import { isObject } from './answer.js';

/** What Consul has no field for, or would refuse in the field it has. */
export interface InstanceData {
  /** The instance's id, where Consul's is another one. */
  readonly id?: string;
  readonly zone?: string;
  /** Only 0, which Consul refuses. */
  readonly weight?: number;
  /** Pairs that Consul refuses: odd names, long values, too many. */
  readonly meta?: readonly (readonly [string, string])[];
  /** Ports whose names mean something else to Consul. */
  readonly ports?: readonly (readonly [string, number])[];
}

/** Longest value and largest number of pairs of Consul's service metadata. */
const MAX_VALUE = 512;
const MAX_PAIRS = 64;

/** Our own names in the metadata begin with this. */
export const OURS = 'sidekick-';
const CHUNK = `${OURS}data-`;

/** Owner, write and zone: see `registration.ts`. */
const OWN_PAIRS = 3;

/** Pairs of the application that are written as they are; the rest of the room is for our own. */
const MAX_PLAIN = 32;

const PLAIN_NAME = /^(?!consul-|sidekick-)[A-Za-z0-9_-]{1,128}$/;

/** Whether Consul takes `value` in its metadata. */
export function fitsMeta(value: string): boolean {
  return Buffer.byteLength(value) <= MAX_VALUE;
}

/** Divides metadata into what Consul takes as it is and the rest. */
export function divideMeta(meta: Instance['meta']): {
  readonly plain: Readonly<Record<string, string>>;
  readonly odd: readonly (readonly [string, string])[];
} {
  const fits = ([name, value]: readonly [string, string], index: number): boolean =>
    index < MAX_PLAIN && name !== '__proto__' && PLAIN_NAME.test(name) && fitsMeta(value);
  const pairs = Object.entries(meta).map((pair, index) => ({ pair, plain: fits(pair, index) }));
  return {
    plain: Object.fromEntries(pairs.filter(({ plain }) => plain).map(({ pair }) => pair)),
    odd: pairs.filter(({ plain }) => !plain).map(({ pair }) => pair),
  };
}

/** `data` as metadata pairs, none where there is nothing to say; undefined when it does not fit into Consul's. */
export function packData(data: InstanceData): Readonly<Record<string, string>> | undefined {
  if (Object.keys(data).length === 0) return {};
  // Base64 is free of what Consul counts in other units than we do.
  const text = Buffer.from(JSON.stringify(data)).toString('base64');
  const chunks = text.match(new RegExp(`.{1,${MAX_VALUE}}`, 'g')) ?? [];
  if (chunks.length > MAX_PAIRS - MAX_PLAIN - OWN_PAIRS) return undefined;
  return Object.fromEntries(chunks.map((chunk, index) => [`${CHUNK}${index}`, chunk]));
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

/** What {@link packData} made; undefined when it is damaged. */
export function unpackData(meta: Readonly<Record<string, string>>): InstanceData | undefined {
  let text = '';
  for (let index = 0; ; index++) {
    const chunk = meta[`${CHUNK}${index}`];
    if (chunk === undefined) break;
    text += chunk;
  }
  if (text === '') return {};
  try {
    const data = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
    if (!isObject(data)) return undefined;
    const { id, zone, weight, meta: odd, ports } = data;
    const sound =
      (id === undefined || typeof id === 'string') &&
      (zone === undefined || typeof zone === 'string') &&
      (weight === undefined || typeof weight === 'number') &&
      isPairs(odd, 'string') &&
      isPairs(ports, 'number');
    return sound ? data : undefined;
  } catch {
    return undefined;
  }
}
