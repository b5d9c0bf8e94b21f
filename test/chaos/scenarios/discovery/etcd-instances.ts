import { type ReadMark } from '../../validators/store-states.js';
import { type Writes } from '../store.js';

/** The key prefix of a service. */
export function prefixOf(service: string): string {
  return `/nestjs-sidekick/${service}/`;
}

/** The value of an instance in etcd, as any client may write it; `mark` distinguishes it from its other values. */
export function instanceValue(mark: string): string {
  return JSON.stringify({ Op: 0, Addr: '127.0.0.1:8080', Metadata: { meta: { n: mark } } });
}

/** Writes of some instances at once; `undefined` removes. */
export function instanceWrites(service: string, marks: Readonly<Record<string, string | undefined>>): Writes {
  return Object.fromEntries(
    Object.entries(marks).map(([id, mark]) => [
      `${prefixOf(service)}${id}`,
      mark === undefined ? undefined : instanceValue(mark),
    ]),
  );
}

/** The mark of a value that is an instance. */
export const markOf: ReadMark = (value) => {
  try {
    const { Addr, Metadata } = JSON.parse(value) as {
      Addr?: string;
      Metadata?: { meta?: { n?: string } };
    };
    return Addr === undefined ? undefined : (Metadata?.meta?.n ?? '');
  } catch {
    return undefined;
  }
};
