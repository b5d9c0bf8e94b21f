import { checkObject, expected } from '../common/expected.js';
import { isName } from '../common/names.js';
import { readInstance } from '../registry/instance-shape.js';
import { type Endpoint } from './endpoint.js';
import { type ServiceSource } from './service-query.js';

/** One service as a snapshot keeps it. */
export interface SnapshotList {
  readonly source: ServiceSource;
  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  readonly heard: number;
  readonly endpoints: readonly Endpoint[];
}

const VERSION = 1;

/** The text of a snapshot. */
export function encodeSnapshot(lists: readonly SnapshotList[]): string {
  return `${JSON.stringify({
    version: VERSION,
    services: lists.map(({ source: { service, dc, interval }, heard, endpoints }) => ({
      service,
      dc,
      interval,
      heard,
      endpoints,
    })),
  })}\n`;
}

/**
 * What a snapshot holds.
 *
 * @throws InvalidOptionError about the first thing that is not as it must be
 */
export function decodeSnapshot(text: string): readonly SnapshotList[] {
  const { version, services } = record(parse(text), 'snapshot');
  if (version !== VERSION) throw expected('snapshot.version', String(VERSION), version);
  return list(services, 'services').map((value, index) => {
    const where = `services[${index}]`;
    const { service, dc, interval, heard, endpoints } = record(value, where);
    if (!isName(service)) throw expected(`${where}.service`, 'a name', service);
    if (dc !== undefined && typeof dc !== 'string') throw expected(`${where}.dc`, 'a text', dc);
    if (interval !== undefined && !isTime(interval))
      throw expected(`${where}.interval`, 'a number', interval);
    if (!isTime(heard)) throw expected(`${where}.heard`, 'a number', heard);
    return {
      source: {
        service,
        ...(dc === undefined ? {} : { dc }),
        ...(interval === undefined ? {} : { interval }),
      },
      heard,
      endpoints: list(endpoints, `${where}.endpoints`).map((item, at) => {
        const endpoint = record(item, `${where}.endpoints[${at}]`);
        return readInstance(`${where}.endpoints[${at}]`, { ...endpoint, service });
      }),
    };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw expected('snapshot', 'JSON', text);
  }
}

const isTime = (value: unknown): value is number => Number.isFinite(value);

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  checkObject(where, value);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw expected(where, 'a list', value);
  return value;
}
