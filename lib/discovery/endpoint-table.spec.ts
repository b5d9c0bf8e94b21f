import fc from 'fast-check';
import { endpoint } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from './endpoint.js';
import { EndpointTable } from './endpoint-table.js';

const ids = (list: readonly Endpoint[]): string[] => list.map(({ id }) => id);

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const step = fc.oneof(
  fc.record({ put: id, port: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ remove: id }),
  fc.constant('commit' as const),
);

describe('EndpointTable', () => {
  it('has the list of an ordered map, and its differences, over any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new EndpointTable();
        const model = new Map<string, Endpoint>();
        let before = new Map<string, Endpoint>();
        const check = (): void => {
          const change = table.commit();
          expect(change.endpoints).toEqual([...model.values()]);
          expect(Object.isFrozen(change.endpoints)).toBe(true);
          expect(new Set(change.previous)).toEqual(new Set(before.values()));
          const changed = [...model.values()].filter((now) => before.get(now.id) !== now);
          expect(new Set(change.updated)).toEqual(new Set(changed.filter((now) => before.has(now.id))));
          expect(new Set(change.added)).toEqual(new Set(changed.filter((now) => !before.has(now.id))));
          expect(change.replaced).toEqual(change.updated.map((now) => before.get(now.id)));
          expect(new Set(change.removed)).toEqual(
            new Set([...before.values()].filter((was) => !model.has(was.id))),
          );
          before = new Map(model);
        };
        for (const one of steps) {
          if (one === 'commit') check();
          else if ('remove' in one) expect(table.remove(one.remove)).toBe(model.delete(one.remove));
          else {
            const now = endpoint(one.put, { port: one.port });
            table.put(now);
            model.set(one.put, now);
          }
          expect([...table.ids()]).toEqual([...model.keys()]);
          for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(table.get(name)).toBe(model.get(name));
        }
        check();
      }),
      { numRuns: 100 },
    );
  });

  it('does not modify a list that it has returned', () => {
    const table = new EndpointTable();
    for (const name of ['a', 'b', 'c']) table.put(endpoint(name));
    const { endpoints } = table.commit();
    table.put(endpoint('b', { port: 81 }));
    table.remove('a');
    expect(ids(endpoints)).toEqual(['a', 'b', 'c']);
    expect(endpoints[1]?.port).toBe(80);
    expect(ids(table.commit().endpoints)).toEqual(['b', 'c']);
  });

  it('reports nothing of an endpoint that was added and removed again', () => {
    const table = new EndpointTable();
    table.put(endpoint('a'));
    table.remove('a');
    expect(table.commit()).toMatchObject({ endpoints: [], added: [], removed: [] });
  });

  it('removes half of 20,000 endpoints together', () => {
    const table = new EndpointTable();
    for (let index = 0; index < 20_000; index++) table.put(endpoint(index));
    table.commit();
    for (let index = 0; index < 20_000; index += 2) table.remove(String(index));
    const { endpoints, removed } = table.commit();
    expect([endpoints.length, removed.length]).toEqual([10_000, 10_000]);
    expect(table.get('19999')).toBe(endpoints.at(-1));
  });
});
