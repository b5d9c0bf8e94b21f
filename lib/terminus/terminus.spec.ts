import { Terminus } from './terminus.js';

describe('Terminus', () => {
  it('builds results with the installed version', async () => {
    const terminus = await Terminus.load();
    expect(terminus.up('a', { x: 1 })).toEqual({ a: { status: 'up', x: 1 } });
    expect(terminus.down('a', { x: 1 })).toEqual({ a: { status: 'down', x: 1 } });
    expect(terminus.degraded('a', { x: 1 })).toEqual({ a: { status: 'degraded', x: 1 } });
  });

  it('reports degraded as up with a stale mark to Terminus 11', () => {
    // A fake of its builder, since only one version is installed.
    const build =
      (status: string) =>
      (details: object): object => ({ a: { ...details, status } });
    const check = (): object => ({ up: build('up'), down: build('down') });
    const terminus = Reflect.construct(Terminus, [{ check }]) as Terminus;
    expect(terminus.degraded('a', { age: 3 })).toEqual({ a: { status: 'up', stale: true, age: 3 } });
  });
});
