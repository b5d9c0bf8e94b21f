import fc from 'fast-check';
import { endpoint } from '../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from './endpoint.js';
import { type EndpointSelector, selectorOf } from './endpoint-selector.js';
import { EndpointTable } from './endpoint-table.js';

const made = (): EndpointSelector => selectorOf({ service: 'web', tag: 'blue' })!;
const tagged = (list: readonly Endpoint[]): Endpoint[] => list.filter(({ tags }) => tags.includes('blue'));

const change = fc.record({
  id: fc.nat(7).map(String),
  tags: fc.constantFrom(['blue'], ['green'], ['green', 'blue'], undefined),
});

describe('EndpointSelector', () => {
  it('has the endpoints with the tag in the order of the list, over any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }), (batches) => {
        const table = new EndpointTable();
        const selector = made();
        for (const batch of batches) {
          for (const { id, tags } of new Map(batch.map((one) => [one.id, one])).values())
            if (tags) table.put(endpoint(id, { tags }));
            else table.remove(id);
          const next = table.commit();
          const { endpoints, previous, added, updated, removed } = selector.follow(next);
          expect(endpoints).toEqual(tagged(next.endpoints));
          expect(previous).toEqual(tagged(next.previous));
          const now = new Set(endpoints.map(({ id }) => id));
          const was = new Set(tagged(next.previous).map(({ id }) => id));
          expect(new Set(added.map(({ id }) => id))).toEqual(new Set([...now].filter((id) => !was.has(id))));
          expect(new Set(removed.map(({ id }) => id))).toEqual(
            new Set([...was].filter((id) => !now.has(id))),
          );
          expect(updated.every(({ id }) => now.has(id) && was.has(id))).toBe(true);
        }
      }),
    );
  });

  it('keeps its list when others change', () => {
    const table = new EndpointTable();
    const selector = made();
    table.put(endpoint('a', { tags: ['blue'] }));
    table.put(endpoint('b'));
    const { endpoints } = selector.follow(table.commit());
    table.put(endpoint('b', { port: 81 }));
    expect(selector.follow(table.commit()).endpoints).toBe(endpoints);
  });

  it('follows more changes than it searches for one by one', () => {
    const table = new EndpointTable();
    const selector = made();
    for (let index = 0; index < 100; index++) table.put(endpoint(index, { tags: ['blue'] }));
    selector.follow(table.commit());
    for (let index = 0; index < 50; index++) table.remove(String(index));
    const next = table.commit();
    expect(selector.follow(next).endpoints).toEqual(next.endpoints);
  });

  it('is not made for a query without a tag', () => {
    expect(selectorOf({ service: 'web' })).toBeUndefined();
  });
});
