import { bytesOf, type UnitCosts } from './unit-costs.js';

/** A fleet of instances that register themselves, and of clients that follow their lists. */
export interface Fleet {
  readonly instances: number;
  /** Services of equal size. */
  readonly services: number;
  /** Services that each instance follows. */
  readonly followed: number;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds in which every instance is replaced once by deployments. */
  readonly deployEvery: number;
  /** Seconds over which clients spread their start or reconnection. */
  readonly startOver: number;
}

export interface Cost {
  /** Requests a second that keep sessions alive. */
  readonly renewals: number;
  /** Processors that the servers need for them. */
  readonly processors: number;
  /** Open watches (etcd) or blocking queries (Consul) of the whole fleet. */
  readonly watches: number;
  /** Bytes a second while nothing changes: renewals, and what shows that each watch is alive. */
  readonly rest: number;
  /** Changes of instances a second: one registration and one removal for each replacement. */
  readonly changes: number;
  /** Bytes a second that the servers exchange with watchers for these changes. */
  readonly fanOut: number;
  /** Requests a second when all clients start, or have lost their sessions, at once. */
  readonly startRequests: number;
  /** Bytes of the lists that all clients read then. */
  readonly startBytes: number;
}

/** Renewals are sent at a third of the TTL. */
const RENEWALS_PER_TTL = 3;

/** What a fleet costs a registry with these unit costs. */
export function clusterCost(fleet: Fleet, unit: UnitCosts): Cost {
  const { instances, services, followed, ttl, deployEvery, startOver } = fleet;
  const size = instances / services;
  const watches = instances * followed;
  const watchers = watches / services;
  const renewals = (instances * RENEWALS_PER_TTL) / ttl;
  const replacements = instances / deployEvery;
  return {
    renewals,
    processors: (renewals * unit.renewalCpu) / 1e6,
    watches,
    rest: renewals * unit.renewal + instances * unit.rest.client + watches * bytesOf(unit.rest.service, size),
    changes: 2 * replacements,
    fanOut: replacements * watchers * (bytesOf(unit.change, size) + bytesOf(unit.removal, size)),
    startRequests: (instances * (unit.start.requests + followed * unit.start.requestsPerService)) / startOver,
    startBytes: watches * unit.start.lists * bytesOf(unit.list, size),
  };
}
