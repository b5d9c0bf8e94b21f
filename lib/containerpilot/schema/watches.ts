import { type ContainerPilotWatch } from '../config.js';
import { type Cursor } from '../cursor.js';
import { readName } from './name.js';
import { readSeconds } from './seconds.js';

/** The default interval. go-piloted and node-piloted accept files without an interval. */
const DEFAULT_INTERVAL_SECONDS = 10;

const FIELDS = {
  2: { interval: 'poll', known: ['name', 'poll', 'onChange', 'tag', 'timeout', 'dc'] },
  3: { interval: 'interval', known: ['name', 'interval', 'tag', 'dc'] },
} as const;

/** Reads an element of `watches`, or of `backends` in ContainerPilot 2. */
function readWatch(watch: Cursor, generation: 2 | 3): ContainerPilotWatch | undefined {
  const fields = FIELDS[generation];
  const members = watch.members(fields.known);
  if (!members) return undefined;
  const name = readName(watch, members, generation);
  const given = members.get(fields.interval);
  if (!given)
    watch.warn(`\`${watch.path}.${fields.interval}\` is missing; using ${DEFAULT_INTERVAL_SECONDS} seconds.`);
  const interval = given ? readSeconds(given) : DEFAULT_INTERVAL_SECONDS;
  const tag = members.get('tag')?.string();
  const dc = members.get('dc')?.string();
  if (name === undefined || interval === undefined) return undefined;
  return { name, interval, ...(tag ? { tag } : {}), ...(dc ? { dc } : {}) };
}

/** Reads `watches` or `backends`. Of several with the same name, the first is used. */
export function readWatches(list: Cursor | undefined, generation: 2 | 3): ContainerPilotWatch[] {
  const watches = new Map<string, ContainerPilotWatch>();
  for (const cursor of list?.list('an array of services to watch') ?? []) {
    const watch = readWatch(cursor, generation);
    if (!watch) continue;
    if (watches.has(watch.name))
      cursor.warn(`Service "${watch.name}" is watched twice; the first watch is used.`);
    else watches.set(watch.name, watch);
  }
  return [...watches.values()];
}
