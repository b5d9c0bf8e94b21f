import { NoEtcdEndpointsError } from './errors/index.js';
import { EndpointSelection } from './endpoint-selection.js';

const ABC = ['http://a:1', 'http://b:1', 'http://c:1'];

/** With a random of 0 the order stays as it is given. */
function selection(endpoints: readonly string[] = ABC): EndpointSelection {
  return new EndpointSelection(endpoints, () => 0);
}

describe('EndpointSelection', () => {
  it('stays where it is while that works', () => {
    const s = selection();
    expect(s.pinned).toBe('http://a:1');
    s.succeeded('http://a:1');
    expect(s.pinned).toBe('http://a:1');
    expect(s.round()).toEqual(ABC);
  });

  it('goes round from the pin on', () => {
    const s = selection();
    s.failed('http://a:1');
    expect(s.pinned).toBe('http://b:1');
    expect(s.round()).toEqual(['http://b:1', 'http://c:1', 'http://a:1']);
    s.failed('http://b:1');
    s.failed('http://c:1');
    expect(s.pinned).toBe('http://a:1');
  });

  it('lets the pin follow success', () => {
    const s = selection();
    s.succeeded('http://c:1');
    expect(s.pinned).toBe('http://c:1');
    s.succeeded('http://unknown:1');
    expect(s.pinned).toBe('http://c:1');
  });

  it('moves once, however many report the same failure', () => {
    const s = selection();
    for (let i = 0; i < 10; i++) s.failed('http://a:1');
    expect(s.pinned).toBe('http://b:1');
  });

  it('has nowhere to go with one endpoint', () => {
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

  it('begins anew with another set', () => {
    const s = selection();
    expect(s.replace(['http://d:1', 'http://a:1'])).toBe(true);
    expect(s.pinned).toBe('http://d:1');
    expect(s.endpoints).toEqual(['http://d:1', 'http://a:1']);
  });

  it('refuses an empty list and keeps the old one', () => {
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

  it('has each endpoint once', () => {
    expect(selection([...ABC, 'http://a:1']).endpoints).toEqual(ABC);
  });
});
