import { NoEtcdEndpointsError } from './errors/index.js';
import { EndpointSelection } from './endpoint-selection.js';

const ABC = ['http://a:1', 'http://b:1', 'http://c:1'];

/** A random value of 0 keeps the given order. */
function selection(endpoints: readonly string[] = ABC): EndpointSelection {
  return new EndpointSelection(endpoints, () => 0);
}

describe('EndpointSelection', () => {
  it('keeps the pin while it works', () => {
    const s = selection();
    expect(s.pinned).toBe('http://a:1');
    s.succeeded('http://a:1');
    expect(s.pinned).toBe('http://a:1');
    expect(s.round()).toEqual(ABC);
  });

  it('tries the endpoints in order, from the pin', () => {
    const s = selection();
    s.failed('http://a:1');
    expect(s.pinned).toBe('http://b:1');
    expect(s.round()).toEqual(['http://b:1', 'http://c:1', 'http://a:1']);
    s.failed('http://b:1');
    s.failed('http://c:1');
    expect(s.pinned).toBe('http://a:1');
  });

  it('pins the endpoint that worked', () => {
    const s = selection();
    s.succeeded('http://c:1');
    expect(s.pinned).toBe('http://c:1');
    s.succeeded('http://unknown:1');
    expect(s.pinned).toBe('http://c:1');
  });

  it('moves the pin once when several requests report the same failure', () => {
    const s = selection();
    for (let i = 0; i < 10; i++) s.failed('http://a:1');
    expect(s.pinned).toBe('http://b:1');
  });

  it('keeps the pin when there is a single endpoint', () => {
    const s = selection(['http://a:1']);
    s.failed('http://a:1');
    expect(s.pinned).toBe('http://a:1');
  });

  it('keeps the pin when the set is the same in another order', () => {
    const s = selection();
    s.succeeded('http://b:1');
    expect(s.replace([...ABC].reverse())).toBe(false);
    expect(s.pinned).toBe('http://b:1');
  });

  it('pins the first endpoint of a new set', () => {
    const s = selection();
    expect(s.replace(['http://d:1', 'http://a:1'])).toBe(true);
    expect(s.pinned).toBe('http://d:1');
    expect(s.endpoints).toEqual(['http://d:1', 'http://a:1']);
  });

  it('refuses an empty list and keeps the current one', () => {
    expect(() => selection([])).toThrow(NoEtcdEndpointsError);
    const s = selection();
    expect(() => s.replace([])).toThrow(NoEtcdEndpointsError);
    expect(s.endpoints).toEqual(ABC);
  });

  it('spreads clients over the endpoints', () => {
    let seed = 0;
    const random = (): number => (seed = (seed + 0.377) % 1);
    const firsts = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { pinned } = new EndpointSelection(ABC, random);
      firsts.set(pinned, (firsts.get(pinned) ?? 0) + 1);
    }
    expect([...firsts.values()].every((count) => count > 50)).toBe(true);
  });

  it('removes duplicates', () => {
    expect(selection([...ABC, 'http://a:1']).endpoints).toEqual(ABC);
  });
});
