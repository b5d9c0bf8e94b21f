import {
  endpoint,
  endpoints,
  endpointsUpTo,
  relativeDeviation,
} from '../../../test/harness/in-memory/endpoints.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { hashKey } from './hash.js';
import { Maglev } from './maglev.js';
import { MAGLEV_SIZE, maglevTable } from './maglev-table.js';

function make(list: readonly Endpoint[], weights?: readonly number[]) {
  const clock = new VirtualClock();
  const balancer = new Maglev('web', clock);
  balancer.update(list, weights);
  return { clock, balancer };
}

const KEYS = Array.from({ length: 10_000 }, (_, key) => `user-${key}`);
const owners = (balancer: Maglev): (string | undefined)[] => KEYS.map((key) => balancer.pick(key)?.id);
const sorted = (count: number): string[] =>
  Array.from({ length: count }, (_, id) => `10.0.0.${id}:80`).sort();

describe('Maglev', () => {
  it('sends equal keys to the same endpoint, in every process and for any order of the list', () => {
    const one = make(endpointsUpTo(10));
    const other = make(Object.freeze([...endpointsUpTo(10)].reverse()));
    expect(owners(one.balancer)).toEqual(owners(other.balancer));
    // A fixed value, since clients of different versions must agree.
    expect(
      KEYS.slice(0, 5)
        .map((key) => one.balancer.pick(key)?.id)
        .join(''),
    ).toBe('58474');
  });

  it('needs a key', () => {
    expect(() => make(endpoints('a')).balancer.pick()).toThrow(
      'Expected `key` to be a string or a number, since service "web" has the balancer maglev, got undefined.',
    );
  });

  it('moves at most 2 % of the places when one of 100 endpoints goes', () => {
    const ids = sorted(100);
    const before = maglevTable(ids, undefined);
    const rest = ids.filter((_, index) => index !== 42);
    const after = maglevTable(rest, undefined);
    let moved = 0;
    for (let place = 0; place < MAGLEV_SIZE; place++) {
      const owner = ids[before[place]!];
      if (owner !== ids[42] && owner !== rest[after[place]!]) moved += 1;
    }
    expect(moved / MAGLEV_SIZE).toBeLessThan(0.02);
    const counts = ids.map((_, index) => before.filter((each) => each === index).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('gives places by weight', () => {
    const table = maglevTable(['a', 'b', 'c'], [3, 1, 0.5]);
    const shares = [0, 1, 2].map((index) => table.filter((each) => each === index).length / MAGLEV_SIZE);
    [3, 1, 0.5].forEach((weight, index) => {
      expect(shares[index]).toBeCloseTo(weight / 4.5, 3);
    });
  });

  it('sends the keys of an endpoint that is gone elsewhere at once, and the others where they were', async () => {
    const list = endpointsUpTo(10);
    const { balancer, clock } = make(list);
    const before = owners(balancer);
    balancer.update(Object.freeze(list.slice(1)));
    const during = owners(balancer);
    expect(during).not.toContain('0');
    expect(during.filter((owner, index) => before[index] !== '0' && owner !== before[index])).toEqual([]);
    await clock.advance(100);
    const after = owners(balancer);
    expect(after).not.toContain('0');
    balancer.close();
    expect(clock.pending).toBe(0);
  });

  it('makes at most one table in 100 ms, unless all endpoints are gone', async () => {
    const { balancer, clock } = make(endpoints('a'));
    expect(balancer.pick(1)?.id).toBe('a');
    balancer.update(endpoints('a', 'b'));
    expect(owners(balancer)).not.toContain('b');
    await clock.advance(100);
    expect(owners(balancer)).toContain('b');
    balancer.update(endpoints('x'));
    expect(balancer.pick(1)?.id).toBe('x');
    balancer.update(endpoints());
    expect(balancer.pick(1)).toBeUndefined();
    balancer.close();
  });

  it('delays a table by ten seconds at most, although the process was stopped while it made the last one', async () => {
    const clock = new VirtualClock();
    let stoppedMs = 0;
    const stopping = {
      now: () => clock.now() + (stoppedMs += 3_600_000),
      wall: () => clock.wall(),
      after: clock.after.bind(clock),
    };
    const balancer = new Maglev('web', stopping);
    balancer.update(endpoints('a'));
    balancer.pick(1);
    balancer.update(endpoints('a', 'b'));
    await clock.advance(10_000);
    expect(owners(balancer)).toContain('b');
    balancer.close();
  });

  it('returns the object of the newest list', () => {
    const { balancer } = make(endpoints('a', 'b'));
    balancer.pick(1);
    const moved = endpoints(endpoint('a', { port: 81 }), endpoint('b', { port: 81 }));
    balancer.update(moved);
    expect(moved).toContain(balancer.pick(1));
    balancer.close();
  });

  it('spreads integers, large integers, fractions and strings', () => {
    const kinds: ((index: number) => string | number)[] = [
      (index) => index,
      (index) => -index * 1_024,
      (index) => 7_000_000_000_000 + index * 4_294_967_296,
      (index) => index + 0.5,
      (index) => `order/${index}`,
    ];
    for (const kind of kinds) {
      const { balancer } = make(endpointsUpTo(10));
      const counts = Array.from({ length: 10 }, () => 0);
      for (let key = 0; key < 10_000; key++) counts[Number(balancer.pick(kind(key))?.id)]! += 1;
      expect(relativeDeviation(counts)).toBeLessThan(0.1);
      balancer.close();
    }
    expect(hashKey(7)).not.toBe(hashKey('7'));
  });
});
