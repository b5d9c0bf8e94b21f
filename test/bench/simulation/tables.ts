import { alignedTable } from '../report/table.js';
import { consulCost, type Cost, etcdCost, type Fleet } from './cluster-cost.js';

/** Key and JSON value, measured (157 bytes), and about 60 bytes for the frames of a watch, estimated. */
const ETCD_ENTRY_BYTES = 220;
/** Measured: one entry of `/v1/health/service`, with node, service and checks. */
const CONSUL_ENTRY_BYTES = 1_150;
const SIZES = [1_000, 10_000, 100_000];

/** 50 instances a service, each of which follows five services; every instance is replaced once an hour. */
export const fleetOf = (instances: number, changed: Partial<Fleet> = {}): Fleet => ({
  instances,
  services: instances / 50,
  followed: 5,
  ttl: 10,
  deployEvery: 3_600,
  entryBytes: ETCD_ENTRY_BYTES,
  reconnectOver: 5,
  ...changed,
});

function count(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function row(what: string, cost: Cost): string[] {
  return [
    what,
    count(cost.renewals),
    count(cost.watches),
    count(cost.changes),
    `${bytes(cost.fanOut)}/s`,
    count(cost.reconnectRequests),
    bytes(cost.reconnectBytes),
  ];
}

function section(title: string, changed: (instances: number) => Partial<Fleet>): string {
  const header = [
    'fleet',
    'renewals/s',
    'watches',
    'changes/s',
    'sent to watchers',
    'reconnect: requests/s',
    'reconnect: lists',
  ];
  const rows = SIZES.flatMap((instances) => {
    const fleet = fleetOf(instances, changed(instances));
    const name = instances.toLocaleString('en');
    return [
      row(`${name} on etcd`, etcdCost(fleet)),
      row(`${name} on Consul`, consulCost({ ...fleet, entryBytes: CONSUL_ENTRY_BYTES })),
    ];
  });
  return `${title}\n\n${alignedTable([header, ...rows])}`;
}

/** The tables of `npm run bench -- --simulate`, in Markdown. */
export function tables(): string {
  return [
    section('Services of 50 instances, each instance follows 5 services, TTL 10:', () => ({})),
    section('The same with a TTL of 30:', () => ({ ttl: 30 })),
    section('20 services of a twentieth of the fleet each:', () => ({ services: 20 })),
  ].join('\n\n');
}
