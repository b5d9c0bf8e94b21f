import { alignedTable } from '../report/table.js';
import { clusterCost, type Cost, type Fleet } from './cluster-cost.js';
import { CONSUL_COSTS, ETCD_COSTS, MEASURED_ON, type PerEntry, type UnitCosts } from './unit-costs.js';

const SIZES = [1_000, 10_000, 100_000];
const FOLLOWED = 5;

/** 50 instances a service, each of which follows five services; every instance is replaced once an hour. */
export const fleetOf = (instances: number, changed: Partial<Fleet> = {}): Fleet => ({
  instances,
  services: instances / 50,
  followed: FOLLOWED,
  ttl: 10,
  deployEvery: 3_600,
  startOver: 5,
  ...changed,
});

function count(value: number): string {
  if (value >= 10) return Math.round(value).toLocaleString('en');
  return value >= 0.1 || value === 0 ? value.toFixed(1) : value.toFixed(2);
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `204 B + 211 B each`. */
function perEntry({ fixed, entry }: PerEntry): string {
  return entry === 0 ? `${fixed} B` : `${fixed} B + ${entry.toLocaleString('en')} B an instance`;
}

function unitTable(): string {
  const lines: readonly (readonly [string, (costs: UnitCosts) => string])[] = [
    ['a renewal', ({ renewal }) => `${renewal.toLocaleString('en')} B`],
    [
      'processor time of the server for a renewal',
      ({ renewalCpu }) => `${renewalCpu.toLocaleString('en')} µs`,
    ],
    ['the list of a service', ({ list }) => perEntry(list)],
    ['a registration or a new value, for each watcher', ({ change }) => perEntry(change)],
    ['a removal, for each watcher', ({ removal }) => perEntry(removal)],
    ['a second at rest, for each client', ({ rest }) => `${rest.client.toLocaleString('en')} B`],
    ['a second at rest, for each service it follows', ({ rest }) => perEntry(rest.service)],
    [
      'requests until a client is registered and has its lists',
      ({ start }) => `${start.requests} + ${start.requestsPerService} a service`,
    ],
    [`connections of a client that follows ${FOLLOWED} services`, ({ start }) => String(start.connections)],
    ['new connections after all were cut', ({ cut }) => String(cut.connections)],
    ['bytes to continue after that', ({ cut }) => `${cut.bytes.toLocaleString('en')} B`],
  ];
  return alignedTable([
    ['what', 'etcd', 'Consul'],
    ...lines.map(([what, of]) => [what, of(ETCD_COSTS), of(CONSUL_COSTS)]),
  ]);
}

function row(what: string, cost: Cost): string[] {
  return [
    what,
    count(cost.renewals),
    count(cost.processors),
    count(cost.watches),
    `${bytes(cost.rest)}/s`,
    count(cost.changes),
    `${bytes(cost.fanOut)}/s`,
    count(cost.startRequests),
    bytes(cost.startBytes),
  ];
}

function section(title: string, changed: (instances: number) => Partial<Fleet>): string {
  const header = [
    'fleet',
    'renewals/s',
    'processors',
    'watches',
    'at rest',
    'changes/s',
    'sent to watchers',
    'start: requests/s',
    'start: lists',
  ];
  const rows = SIZES.flatMap((instances) => {
    const fleet = fleetOf(instances, changed(instances));
    const name = instances.toLocaleString('en');
    return [
      row(`${name} on etcd`, clusterCost(fleet, ETCD_COSTS)),
      row(`${name} on Consul`, clusterCost(fleet, CONSUL_COSTS)),
    ];
  });
  return `${title}\n\n${alignedTable([header, ...rows])}`;
}

/** The tables of `npm run bench -- --simulate`, in Markdown. */
export function tables(): string {
  return [
    `Measured on ${MEASURED_ON}:\n\n${unitTable()}`,
    section('Services of 50 instances, each instance follows 5 services, TTL 10:', () => ({})),
    section('The same with a TTL of 30:', () => ({ ttl: 30 })),
    section('20 services of a twentieth of the fleet each:', () => ({ services: 20 })),
  ].join('\n\n');
}
