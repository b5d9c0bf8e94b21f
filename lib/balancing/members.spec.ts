import fc from 'fast-check';
import { endpoint } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { EndpointTable } from '../discovery/endpoint-table.js';
import { type ListUpdate, newList, sameList } from '../discovery/service-change.js';
import { type Locality } from './locality.js';
import { Members, type MembersOptions } from './members.js';

const ids = (endpoints: readonly Endpoint[]): readonly string[] => endpoints.map(({ id }) => id).sort();

const id = fc.integer({ min: 0, max: 11 }).map(String);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: id, zone: fc.constantFrom('east', 'west') }) },
  { weight: 2, arbitrary: fc.record({ remove: id }) },
  { weight: 1, arbitrary: fc.record({ eject: id }) },
  { weight: 1, arbitrary: fc.record({ index: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constantFrom('forget' as const, 'position' as const) },
);

const OPTIONS: readonly MembersOptions[] = [{}, { zone: 'east' }, { subset: 3 }, { zone: 'auto', subset: 2 }];

describe('Members', () => {
  it.each(OPTIONS)('has the members of the whole list over any sequence of changes: %o', (options) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new EndpointTable();
        const ejected = new Set<string>();
        const isEjected = (each: Endpoint): boolean => ejected.has(each.id);
        const locality = { zone: 'west', clientId: 'client', subscribe: () => () => undefined };
        let position: Locality['position'];
        const own = {
          ...locality,
          get position() {
            return position;
          },
        };
        const members = new Members(options, own, isEjected);
        let before: readonly Endpoint[] = [];
        const check = (update: ListUpdate): void => {
          const got = members.follow(update, true, ejected.size > 0);
          const fresh = new Members(options, own, isEjected).follow(
            newList(update.endpoints),
            true,
            ejected.size > 0,
          );
          expect(ids(got.endpoints)).toEqual(ids(fresh.endpoints));
          expect(update.endpoints).toEqual(expect.arrayContaining([...got.endpoints]));
          expect(Object.isFrozen(got.endpoints)).toBe(true);
          if (got.previous === before) {
            const model = new Map(before.map((each) => [each.id, each]));
            for (const each of got.removed) expect(model.delete(each.id)).toBe(true);
            for (const each of [...got.updated, ...got.added]) model.set(each.id, each);
            expect(new Set(model.values())).toEqual(new Set(got.endpoints));
          }
          before = got.endpoints;
        };
        for (const one of steps) {
          if (one === 'position') position = position ? undefined : { index: 0, clients: 4 };
          else if (one === 'forget') {
            check(newList(table.commit().endpoints));
            continue;
          } else if ('index' in one) position &&= { ...position, index: one.index };
          else if ('eject' in one) {
            if (!ejected.delete(one.eject)) ejected.add(one.eject);
            members.ejectionsChanged();
          } else if ('remove' in one) table.remove(one.remove);
          else table.put(endpoint(one.put, { zone: one.zone }));
          const update = table.commit();
          check(update.endpoints === update.previous ? sameList(update.endpoints) : update);
        }
      }),
      { numRuns: 60 },
    );
  });
});
