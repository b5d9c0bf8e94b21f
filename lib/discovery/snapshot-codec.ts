import { checkObject, expected } from '../common/expected.js';
import { isName } from '../common/names.js';
import { readInstance } from '../registry/instance-shape.js';
import { type Endpoint } from './endpoint.js';
import { type ServiceSource } from './service-query.js';

/** The list of one service in a snapshot. */
export interface SnapshotList {
  readonly source: ServiceSource;
  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  readonly confirmedAtMs: number;
  readonly endpoints: readonly Endpoint[];
}

const VERSION = 1;

/** Encodes lists as the content of a snapshot file. */
export function encodeSnapshot(lists: readonly SnapshotList[]): string {
  return `${JSON.stringify({
    version: VERSION,
    services: lists.map(({ source: { service, dc, intervalMs }, confirmedAtMs, endpoints }) => ({
      service,
      dc,
      interval: intervalMs,
      heard: confirmedAtMs,
      endpoints,
    })),
  })}\n`;
}

/**
 * Decodes the content of a snapshot file.
 *
 * @throws InvalidOptionError that names the first invalid value
 */
export function decodeSnapshot(text: string): readonly SnapshotList[] {
  const { version, services } = object(parse(text), 'snapshot');
  if (version !== VERSION) throw expected('snapshot.version', String(VERSION), version);
  return array(services, 'services').map((value, index) => {
    const where = `services[${index}]`;
    const { service, dc, interval, heard, endpoints } = object(value, where);
    if (!isName(service)) throw expected(`${where}.service`, 'a name', service);
    if (dc !== undefined && typeof dc !== 'string') throw expected(`${where}.dc`, 'a string', dc);
    if (interval !== undefined && !isTime(interval))
      throw expected(`${where}.interval`, 'a number', interval);
    if (!isTime(heard)) throw expected(`${where}.heard`, 'a number', heard);
    return {
      source: {
        service,
        ...(dc === undefined ? {} : { dc }),
        ...(interval === undefined ? {} : { intervalMs: interval }),
      },
      confirmedAtMs: heard,
      endpoints: array(endpoints, `${where}.endpoints`).map((item, at) => {
        const endpoint = object(item, `${where}.endpoints[${at}]`);
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

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  checkObject(where, value);
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw expected(where, 'an array', value);
  return value;
}
