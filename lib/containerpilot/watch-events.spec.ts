import { watchEvents, type WatchedEndpoint } from './watch-events.js';

const a: WatchedEndpoint = { id: 'a', address: '10.0.0.1', port: 80 };
const b: WatchedEndpoint = { id: 'b', address: '10.0.0.2', port: 80 };

describe('watchEvents', () => {
  it('tells the first answer, whatever it is', () => {
    expect(watchEvents(undefined, [a])).toEqual(['changed', 'healthy']);
    expect(watchEvents(undefined, [])).toEqual(['changed', 'unhealthy']);
  });

  it('says nothing while nothing changes', () => {
    expect(watchEvents([a, b], [a, b])).toEqual([]);
    expect(watchEvents([], [])).toEqual([]);
  });

  it('does not mind the order', () => {
    expect(watchEvents([a, b], [b, a])).toEqual([]);
  });

  it('tells a service that lost its last endpoint, and one that has the first again', () => {
    expect(watchEvents([a], [])).toEqual(['changed', 'unhealthy']);
    expect(watchEvents([], [a])).toEqual(['changed', 'healthy']);
  });

  it('is healthy again with each change of the list', () => {
    expect(watchEvents([a], [a, b])).toEqual(['changed', 'healthy']);
    expect(watchEvents([a, b], [b])).toEqual(['changed', 'healthy']);
  });

  it('sees another address or port under the same id', () => {
    expect(watchEvents([a], [{ ...a, address: '10.0.0.9' }])).toEqual(['changed', 'healthy']);
    expect(watchEvents([a], [{ ...a, port: 81 }])).toEqual(['changed', 'healthy']);
  });

  it('sees another id at the same address', () => {
    expect(watchEvents([a], [{ ...a, id: 'c' }])).toEqual(['changed', 'healthy']);
  });
});
