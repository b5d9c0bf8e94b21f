import { type IWatchResponse } from 'etcd3';
import { WatchNumbers } from './watch-numbers.js';

interface Watch {
  readonly id: number;
}

function setUp(): { numbers: WatchNumbers<Watch>; sent: number[]; cancelled: number[]; watches: Watch[] } {
  const sent: number[] = [];
  const cancelled: number[] = [];
  const numbers = new WatchNumbers<Watch>(
    ({ id }) => sent.push(id),
    (number) => cancelled.push(number),
  );
  return { numbers, sent, cancelled, watches: [1, 2, 3, 4].map((id) => ({ id })) };
}

function answer(watch_id: number, kind: 'created' | 'events' | 'canceled' | 'refused'): IWatchResponse {
  return {
    watch_id: String(watch_id),
    created: kind === 'created' || kind === 'refused',
    canceled: kind === 'canceled' || kind === 'refused',
  } as IWatchResponse;
}

describe('WatchNumbers', () => {
  it('creates all watches at once when the server accepts the proposed ids', () => {
    const { numbers, sent, watches } = setUp();
    for (const watch of watches) numbers.begin(watch);
    expect(sent).toEqual([1]);
    expect(numbers.take(answer(1, 'created'))).toBe(watches[0]);
    expect(sent).toEqual([1, 2, 3, 4]);
    expect(numbers.renumbers).toBe(false);
    expect(numbers.take(answer(4, 'created'))).toBe(watches[3]);
    expect(numbers.take(answer(2, 'created'))).toBe(watches[1]);
    expect(numbers.take(answer(2, 'events'))).toBe(watches[1]);
    expect(numbers.take(answer(3, 'events'))).toBeUndefined();
  });

  it('creates one watch at a time when the server assigns its own ids', () => {
    const { numbers, sent, watches } = setUp();
    for (const watch of watches) numbers.begin(watch);
    expect(numbers.take(answer(0, 'created'))).toBe(watches[0]);
    expect(numbers.renumbers).toBe(true);
    expect(sent).toEqual([1, 2]);
    expect(numbers.next).toBe(watches[1]);
    expect(numbers.take(answer(1, 'created'))).toBe(watches[1]);
    expect(sent).toEqual([1, 2, 3]);
    expect(numbers.take(answer(2, 'created'))).toBe(watches[2]);
    for (const [number, watch] of watches.slice(0, 3).entries())
      expect(numbers.take(answer(number, 'events'))).toBe(watch);
  });

  it('attributes a refusal without an id to the oldest request', () => {
    const { numbers, sent, watches } = setUp();
    for (const watch of watches.slice(0, 3)) numbers.begin(watch);
    expect(numbers.take(answer(-1, 'refused'))).toBe(watches[0]);
    expect(sent).toEqual([1, 2]);
    expect(numbers.take(answer(0, 'created'))).toBe(watches[1]);
    expect(numbers.take(answer(-1, 'refused'))).toBe(watches[2]);
    expect(numbers.take(answer(0, 'events'))).toBe(watches[1]);
  });

  it('cancels by the id of the server, also when the id is not known yet', () => {
    const { numbers, sent, cancelled, watches } = setUp();
    for (const watch of watches) numbers.begin(watch);
    numbers.end(watches[0]!);
    numbers.end(watches[2]!);
    expect(cancelled).toEqual([]);
    expect(numbers.take(answer(0, 'created'))).toBeUndefined();
    expect(cancelled).toEqual([0]);
    expect(numbers.take(answer(1, 'created'))).toBe(watches[1]);
    expect(sent).toEqual([1, 2, 4]);
    numbers.end(watches[1]!);
    expect(cancelled).toEqual([0, 1]);
    // The confirmation of the cancel belongs to no watch.
    expect(numbers.take(answer(1, 'canceled'))).toBeUndefined();
  });

  it('forgets the id of a watch that the server cancelled', () => {
    const { numbers, cancelled, watches } = setUp();
    const [watch] = watches;
    numbers.begin(watch!);
    numbers.take(answer(1, 'created'));
    expect(numbers.take(answer(1, 'canceled'))).toBe(watch);
    expect(numbers.take(answer(1, 'events'))).toBeUndefined();
    numbers.end(watch!);
    expect(cancelled).toEqual([]);
  });
});
