import { EventEmitter, getEventListeners } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The resources of a process that must not grow by work that has ended. */
export interface Belongings {
  /** Bytes, after a collection; the middle one of several samples. */
  readonly heap: number;
  readonly sockets: number;
  /** Open sockets that are reachable from the given objects, also unreferenced ones. */
  readonly connections: number;
  readonly timers: number;
  /** Everything else that keeps the process alive. */
  readonly others: number;
  /** Listeners on the event targets and emitters that are reachable from what was given. */
  readonly listeners: number;
  /** How often Node has warned, as of too many listeners. */
  readonly warnings: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const SAMPLES = 5;

let warnings = 0;
process.on('warning', () => (warnings += 1));

/** Counts what this process has. @param roots where to look for listeners */
export async function belongings(roots: readonly unknown[]): Promise<Belongings> {
  const heaps: number[] = [];
  for (let i = 0; i < SAMPLES; i += 1) {
    // Objects released just now need a turn or two to be collected.
    await sleep(20);
    collect();
    heaps.push(process.memoryUsage().heapUsed);
  }
  heaps.sort((a, b) => a - b);
  const resources = process.getActiveResourcesInfo();
  const sockets = resources.filter((name) => name.startsWith('TCP')).length;
  const timers = resources.filter((name) => name === 'Timeout' || name === 'Immediate').length;
  return {
    heap: heaps[Math.floor(SAMPLES / 2)]!,
    sockets,
    timers,
    others: resources.length - sockets - timers,
    ...reachable(roots),
    warnings,
  };
}

function reachable(roots: readonly unknown[]): Pick<Belongings, 'connections' | 'listeners'> {
  const seen = new Set<unknown>(roots);
  let count = 0;
  let connections = 0;
  for (const one of seen) {
    if (typeof one !== 'object' || one === null) continue;
    if (one instanceof Socket && !one.destroyed) connections += 1;
    if (one instanceof EventTarget) count += getEventListeners(one, 'abort').length;
    if (one instanceof EventEmitter)
      count += one.eventNames().reduce((sum, name) => sum + one.listenerCount(name), 0);
    if (one instanceof Map) for (const pair of one) for (const part of pair) seen.add(part);
    else if (one instanceof Set) for (const part of one) seen.add(part);
    else if (!ArrayBuffer.isView(one)) for (const part of valuesOf(one)) seen.add(part);
  }
  return { connections, listeners: count };
}

/** Getters are left alone: some make what they return. */
function valuesOf(one: object): unknown[] {
  return Object.values(Object.getOwnPropertyDescriptors(one)).map((property): unknown => property.value);
}
