import { hostname } from 'node:os';

/** Name of this process in the registry, for operators. */
export function processName(): string {
  return `${hostname()}:${process.pid}`;
}
