import { isHost, isPort } from '../kernel/address.js';
import { isName } from '../kernel/names.js';
import { completeInstance } from '../registry/instance.js';
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

/** What a snapshot holds. @throws Error with a sentence about the first thing that is not as it must be */
export function decodeSnapshot(text: string): readonly SnapshotList[] {
  const root: unknown = JSON.parse(text);
  if (!isRecord(root) || root.version !== VERSION)
    throw new Error(`Expected a snapshot of version ${VERSION}.`);
  return list(root.services, 'services').map((value, index) => {
    const where = `services[${index}]`;
    const { service, dc, interval, heard, endpoints } = record(value, where);
    if (!isName(service)) throw new Error(`Expected \`${where}.service\` to be a name.`);
    if (dc !== undefined && typeof dc !== 'string') throw new Error(`Expected \`${where}.dc\` to be a text.`);
    if (interval !== undefined && typeof interval !== 'number')
      throw new Error(`Expected \`${where}.interval\` to be a number.`);
    if (typeof heard !== 'number') throw new Error(`Expected \`${where}.heard\` to be a number.`);
    return {
      source: {
        service,
        ...(dc === undefined ? {} : { dc }),
        ...(interval === undefined ? {} : { interval }),
      },
      heard,
      endpoints: list(endpoints, `${where}.endpoints`).map((item, at) =>
        decodeEndpoint(service, record(item, `${where}.endpoints[${at}]`), `${where}.endpoints[${at}]`),
      ),
    };
  });
}

function decodeEndpoint(service: string, value: Record<string, unknown>, where: string): Endpoint {
  const { id, address, port, ports, tags, meta, weight, zone } = value;
  if (!isName(id)) throw new Error(`Expected \`${where}.id\` to be a name.`);
  if (!isHost(address)) throw new Error(`Expected \`${where}.address\` to be an address.`);
  if (!isPort(port)) throw new Error(`Expected \`${where}.port\` to be a port.`);
  if (typeof weight !== 'number') throw new Error(`Expected \`${where}.weight\` to be a number.`);
  if (zone !== undefined && typeof zone !== 'string')
    throw new Error(`Expected \`${where}.zone\` to be a text.`);
  return completeInstance({
    service,
    id,
    address,
    port,
    weight,
    ports: values(ports, isPort, `${where}.ports`),
    tags: list(tags, `${where}.tags`).filter((tag) => typeof tag === 'string'),
    meta: values(meta, (text) => typeof text === 'string', `${where}.meta`),
    ...(zone === undefined ? {} : { zone }),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`Expected \`${where}\` to be an object.`);
  return value;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`Expected \`${where}\` to be a list.`);
  return value;
}

function values<T>(value: unknown, is: (item: unknown) => item is T, where: string): Record<string, T> {
  const all = record(value, where);
  for (const [name, item] of Object.entries(all))
    if (!is(item)) throw new Error(`\`${where}\` has an unexpected value under "${name}".`);
  return all as Record<string, T>;
}
