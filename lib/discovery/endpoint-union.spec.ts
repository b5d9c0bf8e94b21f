import fc from 'fast-check';
import { endpoint } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from './endpoint.js';
import { EndpointTable } from './endpoint-table.js';
import { EndpointUnion, idInUnion } from './endpoint-union.js';

/** The union of complete lists, as port by id. */
function unionOf(lists: readonly (readonly Endpoint[])[]): ReadonlyMap<string, number> {
  const places = new Set<number>();
  const union = new Map<string, number>();
  for (const each of lists.flat()) {
    if (places.has(each.port)) continue;
    places.add(each.port);
    union.set(union.has(each.id) ? idInUnion(each) : each.id, each.port);
  }
  return union;
}

const change = fc.record({
  list: fc.integer({ min: 0, max: 2 }),
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  /** Undefined: a removal. */
  port: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});

describe('EndpointUnion', () => {
  it('is the union of the complete lists, with its differences, over any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const tables = [new EndpointTable(), new EndpointTable(), new EndpointTable()];
        const lists: (readonly Endpoint[])[] = [[], [], []];
        const union = new EndpointUnion(3);
        const model = new Map<string, Endpoint>();
        for (const { list, id, port } of changes) {
          const table = tables[list]!;
          if (port === undefined) table.remove(id);
          else table.put(endpoint(id, { port }));
          const step = table.commit();
          lists[list] = step.endpoints;
          const got = union.follow(list, step);
          expect(new Map(got.endpoints.map((each) => [each.id, each.port]))).toEqual(unionOf(lists));
          expect(got.endpoints).toHaveLength(unionOf(lists).size);
          for (const each of got.removed) expect(model.delete(each.id)).toBe(true);
          for (const each of [...got.updated, ...got.added]) model.set(each.id, each);
          expect(new Set(model.values())).toEqual(new Set(got.endpoints));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has the endpoints of a list as they are, and does not change for an endpoint that another list has', () => {
    const union = new EndpointUnion(2);
    const [one, same] = [endpoint('a'), endpoint('b')];
    const first = union.follow(0, { added: [one], updated: [], removed: [] });
    expect(first.endpoints[0]).toBe(one);
    const second = union.follow(1, { added: [same], updated: [], removed: [] });
    expect(second.endpoints).toBe(first.endpoints);
    // The instance is deregistered in the first registry only, as in a migration.
    const third = union.follow(0, { added: [], updated: [], removed: [one] });
    expect(third.endpoints).toEqual([same]);
  });
});
