import fc from 'fast-check';
import { broken, gone, listing, put, webEntry } from '../../test/harness/in-memory/scripted-registry.js';
import { EntryStore, type MalformedSink } from '../registry/entry-store.js';
import { type Instance } from '../registry/instance.js';
import { type Change, type Listing, type RegistryEntry } from '../registry/registry.js';
import { type Endpoint } from './endpoint.js';
import { type InstanceTarget, type Removal, ServiceEntries } from './service-entries.js';

/** Holds instances by id, and records removals. */
class Target implements InstanceTarget {
  readonly instances = new Map<string, Endpoint>();
  removals: readonly Removal[] = [];
  puts = 0;

  get size(): number {
    return this.instances.size;
  }

  ids(): Iterable<string> {
    return this.instances.keys();
  }

  find(id: string): Endpoint | undefined {
    return this.instances.get(id);
  }

  put(endpoint: Endpoint): void {
    this.puts += 1;
    this.instances.set(endpoint.id, endpoint);
  }

  remove(removals: readonly Removal[]): void {
    this.removals = removals.filter(({ id }) => this.instances.delete(id));
  }
}

/** Records the warnings with the port that stays in use, and what was forgotten of them. */
class Sink implements MalformedSink {
  readonly warned: string[] = [];

  warn({ entryKey }: Parameters<MalformedSink['warn']>[0], lastGood: RegistryEntry | undefined): void {
    const port = lastGood?.record.kind === 'instance' ? lastGood.record.instance.port : 'none';
    this.warned.push(`${entryKey.kind === 'instance' ? entryKey.id : ''}: ${port}`);
  }

  forget(): void {
    // The store forgets more often than it has warned.
  }
}

const id = fc.constantFrom('a', 'b', 'c', 'd');
const port = fc.integer({ min: 1, max: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(id, port).map(([name, at]) => put(name, { port: at }, String(at))),
  fc.tuple(id, fc.constantFrom('withdrawn', 'expired', 'unknown')).map(([name, cause]) => gone(name, cause)),
  id.map((name): Change => ({ kind: 'malformed', malformed: broken(name) })),
);
const full: fc.Arbitrary<Listing> = fc
  .record({
    good: fc.uniqueArray(fc.tuple(id, port), { selector: ([name]) => name }),
    bad: fc.uniqueArray(id),
    expired: fc.option(fc.uniqueArray(id), { nil: undefined }),
  })
  .map(({ good, bad, expired }) => ({
    ...listing(
      good.map(([name, at]) => webEntry(name, { port: at }, String(at))),
      bad.filter((name) => !good.some(([other]) => other === name)).map((name) => broken(name)),
    ),
    ...(expired && {
      expired: expired.map((name) => ({ kind: 'instance' as const, service: 'web', id: name })),
    }),
  }));

const instances = (store: EntryStore): Instance[] =>
  [...store.current.values()].flatMap(({ record }) => (record.kind === 'instance' ? record.instance : []));

describe('ServiceEntries', () => {
  it('has the instances, removals and warnings of a store of entries, over any sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(full, fc.array(change, { maxLength: 6 })), { maxLength: 20 }),
        (steps) => {
          const [sink, expectedSink] = [new Sink(), new Sink()];
          const target = new Target();
          const entries = new ServiceEntries('web', target, sink);
          const store = new EntryStore(expectedSink);
          for (const step of steps) {
            target.removals = [];
            const { removed } = Array.isArray(step) ? store.apply(step) : store.replace(step);
            if (Array.isArray(step)) entries.apply(step);
            else entries.replace(step, false);
            const byId = (one: Instance): [string, Instance] => [one.id, one];
            expect(target.instances).toEqual(new Map(instances(store).map(byId)));
            expect(new Set(target.removals)).toEqual(
              new Set(
                removed.map(({ entry: { record }, cause }) => ({
                  id: record.kind === 'instance' ? record.instance.id : '',
                  cause,
                })),
              ),
            );
          }
          expect(sink.warned).toEqual(expectedSink.warned);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not put an equal instance again, whatever its version', () => {
    const target = new Target();
    const entries = new ServiceEntries('web', target, new Sink());
    entries.replace(listing([webEntry('a'), webEntry('b')]), true);
    entries.replace(listing([webEntry('a', {}, '2'), webEntry('b')]), false);
    entries.apply([put('a', {}, '3')]);
    expect(target.puts).toBe(2);
  });

  it('removes what the first listing does not hold, also under a malformed entry, for an unknown cause', () => {
    const target = new Target();
    const entries = new ServiceEntries('web', target, new Sink());
    for (const { record } of [webEntry('old'), webEntry('bad'), webEntry('same')])
      if (record.kind === 'instance') target.put(record.instance);
    const expired = [{ kind: 'instance', service: 'web', id: 'old' } as const];
    entries.replace({ ...listing([webEntry('same')], [broken('bad')]), expired }, true);
    expect([...target.ids()]).toEqual(['same']);
    expect(target.removals.map(({ cause }) => cause)).toEqual(['unknown', 'unknown']);
  });

  it('forgets the warning about an entry that was repaired or is gone', () => {
    const forgotten: string[] = [];
    const sink: MalformedSink = { warn: () => undefined, forget: (key) => forgotten.push(key) };
    const entries = new ServiceEntries('web', new Target(), sink);
    entries.replace(listing([], [broken('a'), broken('b'), broken('c')]), true);
    expect(forgotten).toEqual([]);
    entries.apply([put('a'), gone('b')]);
    entries.replace(listing([webEntry('a')]), false);
    expect(forgotten).toEqual(['a', 'b', 'c'].map((name) => `instance\0web\0${name}`));
  });
});
