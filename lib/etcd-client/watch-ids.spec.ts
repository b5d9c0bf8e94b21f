import { type IWatchResponse } from 'etcd3';
import { WatchIds } from './watch-ids.js';

interface Watch {
  readonly id: number;
}

function setUp(): { ids: WatchIds<Watch>; sent: number[]; cancelled: number[]; watches: Watch[] } {
  const sent: number[] = [];
  const cancelled: number[] = [];
  const ids = new WatchIds<Watch>(
    ({ id }) => sent.push(id),
    (number) => cancelled.push(number),
  );
  return { ids, sent, cancelled, watches: [1, 2, 3, 4].map((id) => ({ id })) };
}

function answer(watch_id: number, kind: 'created' | 'events' | 'canceled' | 'refused'): IWatchResponse {
  return {
    watch_id: String(watch_id),
    created: kind === 'created' || kind === 'refused',
    canceled: kind === 'canceled' || kind === 'refused',
  } as IWatchResponse;
}

describe('WatchIds', () => {
  it('creates all watches at once when the server accepts the proposed ids', () => {
    const { ids, sent, watches } = setUp();
    for (const watch of watches) ids.begin(watch);
    expect(sent).toEqual([1]);
    expect(ids.take(answer(1, 'created'))).toBe(watches[0]);
    expect(sent).toEqual([1, 2, 3, 4]);
    expect(ids.assignedByServer).toBe(false);
    expect(ids.take(answer(4, 'created'))).toBe(watches[3]);
    expect(ids.take(answer(2, 'created'))).toBe(watches[1]);
    expect(ids.take(answer(2, 'events'))).toBe(watches[1]);
    expect(ids.take(answer(3, 'events'))).toBeUndefined();
  });

  it('creates one watch at a time when the server assigns its own ids', () => {
    const { ids, sent, watches } = setUp();
    for (const watch of watches) ids.begin(watch);
    expect(ids.take(answer(0, 'created'))).toBe(watches[0]);
    expect(ids.assignedByServer).toBe(true);
    expect(sent).toEqual([1, 2]);
    expect(ids.next).toBe(watches[1]);
    expect(ids.take(answer(1, 'created'))).toBe(watches[1]);
    expect(sent).toEqual([1, 2, 3]);
    expect(ids.take(answer(2, 'created'))).toBe(watches[2]);
    for (const [number, watch] of watches.slice(0, 3).entries())
      expect(ids.take(answer(number, 'events'))).toBe(watch);
  });

  it('attributes a refusal without an id to the oldest request', () => {
    const { ids, sent, watches } = setUp();
    for (const watch of watches.slice(0, 3)) ids.begin(watch);
    expect(ids.take(answer(-1, 'refused'))).toBe(watches[0]);
    expect(sent).toEqual([1, 2]);
    expect(ids.take(answer(0, 'created'))).toBe(watches[1]);
    expect(ids.take(answer(-1, 'refused'))).toBe(watches[2]);
    expect(ids.take(answer(0, 'events'))).toBe(watches[1]);
  });

  it('cancels by the id of the server, also when the id is not known yet', () => {
    const { ids, sent, cancelled, watches } = setUp();
    for (const watch of watches) ids.begin(watch);
    ids.end(watches[0]!);
    ids.end(watches[2]!);
    expect(cancelled).toEqual([]);
    expect(ids.take(answer(0, 'created'))).toBeUndefined();
    expect(cancelled).toEqual([0]);
    expect(ids.take(answer(1, 'created'))).toBe(watches[1]);
    expect(sent).toEqual([1, 2, 4]);
    ids.end(watches[1]!);
    expect(cancelled).toEqual([0, 1]);
    // The confirmation of the cancel belongs to no watch.
    expect(ids.take(answer(1, 'canceled'))).toBeUndefined();
  });

  it('forgets the id of a watch that the server cancelled', () => {
    const { ids, cancelled, watches } = setUp();
    const [watch] = watches;
    ids.begin(watch!);
    ids.take(answer(1, 'created'));
    expect(ids.take(answer(1, 'canceled'))).toBe(watch);
    expect(ids.take(answer(1, 'events'))).toBeUndefined();
    ids.end(watch!);
    expect(cancelled).toEqual([]);
  });
});
