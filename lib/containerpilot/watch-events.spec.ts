import { watchEvents, type WatchedEndpoint } from './watch-events.js';

const a: WatchedEndpoint = { id: 'a', address: '10.0.0.1', port: 80 };
const b: WatchedEndpoint = { id: 'b', address: '10.0.0.2', port: 80 };

describe('watchEvents', () => {
  it('sends events for the first list, even if it is empty', () => {
    expect(watchEvents({ endpoints: [a] })).toEqual(['changed', 'healthy']);
    expect(watchEvents({ endpoints: [] })).toEqual(['changed', 'unhealthy']);
  });

  it('sends none while nothing changes', () => {
    expect(watchEvents({ previous: [a, b], endpoints: [a, b] })).toEqual([]);
    expect(watchEvents({ previous: [], endpoints: [] })).toEqual([]);
  });

  it('ignores the order', () => {
    expect(watchEvents({ previous: [a, b], endpoints: [b, a] })).toEqual([]);
  });

  it('reports the loss of the last endpoint, and the first endpoint after it', () => {
    expect(watchEvents({ previous: [a], endpoints: [] })).toEqual(['changed', 'unhealthy']);
    expect(watchEvents({ previous: [], endpoints: [a] })).toEqual(['changed', 'healthy']);
  });

  it('is healthy at each change of a list with endpoints', () => {
    expect(watchEvents({ previous: [a], endpoints: [a, b] })).toEqual(['changed', 'healthy']);
    expect(watchEvents({ previous: [a, b], endpoints: [b] })).toEqual(['changed', 'healthy']);
  });

  it('compares the address and port of an id', () => {
    expect(watchEvents({ previous: [a], endpoints: [{ ...a, address: '10.0.0.9' }] })).toEqual([
      'changed',
      'healthy',
    ]);
    expect(watchEvents({ previous: [a], endpoints: [{ ...a, port: 81 }] })).toEqual(['changed', 'healthy']);
  });

  it('compares ids at the same address', () => {
    expect(watchEvents({ previous: [a], endpoints: [{ ...a, id: 'c' }] })).toEqual(['changed', 'healthy']);
  });
});
