import { type ContainerPilotService } from '../config.js';
import { type Cursor, type Members } from '../cursor.js';
import { parseDuration } from '../parse-duration.js';
import { DEFAULT_INTERFACES, isInterfaceSpec } from '../../common/interfaces.js';
import { readName } from './name.js';
import { readSeconds } from './seconds.js';

const KNOWN = {
  2: [
    'name',
    'health',
    'poll',
    'ttl',
    'port',
    'interfaces',
    'tags',
    'consul',
    'timeout',
    'restarts',
    'frequency',
  ],
  3: [
    'name',
    'exec',
    'uid',
    'gid',
    'port',
    'initial_status',
    'interfaces',
    'tags',
    'meta',
    'consul',
    'health',
    'timeout',
    'restarts',
    'stopTimeout',
    'when',
    'logging',
  ],
} as const;

/** The default TTL, in intervals of the health check. */
const INTERVALS_PER_TTL = 3;

type Health = ContainerPilotService['health'];

function readHealth(service: Cursor, members: Members, generation: 2 | 3): Health | undefined {
  const health = members.get('health');
  const owner =
    generation === 2 ? members : health?.members(['exec', 'interval', 'ttl', 'timeout', 'logging']);
  const path = generation === 2 ? service.path : `${service.path}.health`;
  if (!owner)
    return health
      ? undefined
      : service.problem(`Expected \`${path}\` to be an object, because there is a port, got nothing.`);
  const name = generation === 2 ? 'poll' : 'interval';
  const given = owner.get(name);
  if (!given)
    return service.problem(
      `Expected \`${path}.${name}\` to be a number of seconds, at least 1, got nothing.`,
    );
  const interval = readSeconds(given);
  const ttl = owner.get('ttl');
  const seconds = ttl && readSeconds(ttl);
  if (interval === undefined || (ttl && seconds === undefined)) return undefined;
  if (seconds !== undefined) return { interval, ttl: seconds };
  const defaultTtl = INTERVALS_PER_TTL * interval;
  (health ?? service).warn(
    `\`${path}.ttl\` is missing; using ${defaultTtl} seconds, ${INTERVALS_PER_TTL} times the ${name}.`,
  );
  return { interval, ttl: defaultTtl };
}

function readInterfaces(interfaces: Cursor | undefined): readonly string[] | undefined {
  const specs = interfaces?.strings();
  if (!interfaces || specs?.length === 0) return DEFAULT_INTERFACES;
  if (!specs || specs.every(isInterfaceSpec)) return specs;
  return interfaces.expected(
    'interface specifications such as eth0, eth0[1], eth0:inet6, 10.0.0.0/16, inet or static:IP',
  );
}

type Status = NonNullable<ContainerPilotService['initialStatus']>;
const STATES: readonly string[] = ['passing', 'warning', 'critical'] satisfies Status[];

function readStatus(status: Cursor | undefined): Status | undefined {
  const text = status?.string();
  if (text === undefined || text === '') return undefined;
  return STATES.includes(text) ? (text as Status) : status?.expected('"passing", "warning" or "critical"');
}

function readMeta(meta: Cursor | undefined): Readonly<Record<string, string>> {
  if (!meta) return {};
  if (meta.node.kind !== 'object') {
    meta.expected('an object of strings');
    return {};
  }
  const names = [...meta.node.members.keys()];
  const members = meta.members(names);
  const entries = names.map((name) => [name, members?.get(name)?.string() ?? ''] as const);
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(entries));
}

function readConsulExtras(consul: Cursor | undefined): ContainerPilotService['consul'] {
  const members = consul?.members(['enableTagOverride', 'deregisterCriticalServiceAfter']);
  const after = members?.get('deregisterCriticalServiceAfter');
  const text = after?.string();
  const duration = text === undefined ? undefined : parseDuration(text);
  if (text && (duration === undefined || duration < 0)) after?.expected('a duration such as "10m"');
  return {
    enableTagOverride: members?.get('enableTagOverride')?.boolean() ?? false,
    ...(duration === undefined ? {} : { deregisterCriticalServiceAfter: duration / 1_000 }),
  };
}

/** Reads an element of `jobs` or `services`. Returns undefined if it has no port: it is not registered. */
function readService(
  service: Cursor,
  generation: 2 | 3,
  hostname: string,
): ContainerPilotService | undefined {
  const members = service.members(KNOWN[generation]);
  const given = members?.get('port');
  const port = given?.integer(0, 65_535, 'a port from 1 to 65535');
  if (!members || port === undefined || port === 0) return undefined;
  const name = readName(service, members, generation);
  const health = readHealth(service, members, generation);
  const interfaces = readInterfaces(members.get('interfaces'));
  const initialStatus = readStatus(members.get('initial_status'));
  const tags = members.get('tags')?.strings();
  const meta = readMeta(members.get('meta'));
  const consul = readConsulExtras(members.get('consul'));
  if (name === undefined || !health || !interfaces) return undefined;
  return {
    name,
    id: `${name}-${hostname}`,
    port,
    tags: tags ?? [],
    meta,
    interfaces,
    ...(initialStatus === undefined ? {} : { initialStatus }),
    health,
    consul,
  };
}

/** Reads the elements of `jobs` or `services` with a port. Of several with the same name, the first is registered. */
export function readServices(
  list: Cursor | undefined,
  generation: 2 | 3,
  hostname: string,
): ContainerPilotService[] {
  const services = new Map<string, ContainerPilotService>();
  for (const cursor of list?.list('an array of objects') ?? []) {
    const service = readService(cursor, generation, hostname);
    if (!service) continue;
    if (services.has(service.name))
      cursor.warn(`Service "${service.name}" is defined twice; the first one is registered.`);
    else services.set(service.name, service);
  }
  return [...services.values()];
}
