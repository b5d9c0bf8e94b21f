import { endpoints, picks } from '../../../test/harness/in-memory/endpoints.js';
import { PickFirst } from './pick-first.js';

describe('PickFirst', () => {
  it('starts at random and stays until its endpoint is gone', () => {
    const balancer = new PickFirst(() => 0.5);
    expect(balancer.pick()).toBeUndefined();
    balancer.update(endpoints('a', 'b', 'c'));
    expect(picks(balancer, 3)).toEqual(['b', 'b', 'b']);
    const again = endpoints('c', 'b', 'x', 'y');
    balancer.update(again);
    // The same id, as the object of the new list.
    expect(balancer.pick()).toBe(again[1]);
    balancer.update(endpoints('a', 'c'));
    expect(picks(balancer, 2)).toEqual(['c', 'c']);
    balancer.update(endpoints());
    expect(balancer.pick()).toBeUndefined();
  });
});
