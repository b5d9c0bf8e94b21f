import { inTurn } from '../../test/harness/in-memory/endpoints.js';
import { firstValueFrom, take, toArray } from 'rxjs';
import { watchEvents } from '../containerpilot/watch-events.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { UnknownServiceError } from './unknown-service.error.js';
import { pilotedBench } from '../../test/harness/in-memory/piloted-bench.js';
import { Announcer, eventually } from '../../test/harness/in-memory/announcer.js';
import { listing, webEntry } from '../../test/harness/in-memory/scripted-registry.js';

describe('DiscoveryService in an application', () => {
  const bench = pilotedBench();
  const { apps, lines, start, discovery, thrown, scripted } = bench;

  describe('DiscoveryService', () => {
    it('picks in list order from a random endpoint, and wraps around', async () => {
      const service = await discovery({ services: ['web'] });
      const picked = Array.from({ length: 4 }, () => service.pick('web').id);
      expect(picked).toEqual(inTurn(['a', 'b', 'c'], picked[0], 4));
      expect(service.endpoints('web')[1]).toMatchObject({
        address: '10.0.0.1',
        port: 8_098,
        tags: [],
        weight: 1,
      });
    });

    it('continues the turns with service()', async () => {
      const service = await discovery({ services: ['web'] });
      const picked = [service.pick('web').id, (await service.service('web')).id, service.pick('web').id];
      expect(picked).toEqual(inTurn(['a', 'b', 'c'], picked[0], 3));
    });

    it('finds any service on demand, and waits for its first list', async () => {
      const shop = await Announcer.on(bench.source, 'shop');
      await shop.announce('a', 'b');
      const service = await discovery();
      expect(service.names()).not.toContain('shop');
      expect(['a', 'b']).toContain((await service.service('shop')).id);
      expect(service.names()).toContain('shop');
      expect(service.endpoints('shop').map(({ id }) => id)).toEqual(['a', 'b']);
      await shop.end();
    });

    it('gives each of several concurrent first callers an endpoint of one load', async () => {
      const service = await discovery();
      const picked = await Promise.all(Array.from({ length: 6 }, () => service.service('web')));
      expect(picked.map(({ id }) => id)).toEqual(inTurn(['a', 'b', 'c'], picked[0]?.id, 6));
    });

    it('lists the known services in the error about another', async () => {
      const service = await discovery({ services: ['web', { name: 'api' }] });
      expect(() => service.pick('wbe')).toThrow(UnknownServiceError);
      await expect(service.service('wbe')).rejects.toThrow(
        'Unknown service "wbe". Known services: web, api. Add it to PilotedModule\'s `services`.',
      );
      expect(() => service.of('__proto__')).toThrow(UnknownServiceError);
    });

    it('waits for no list after the application has closed, also of a service that is used for the first time', async () => {
      const service = await discovery();
      await apps[0]!.close();
      const late = service.of('late');
      await expect(late.ready()).rejects.toThrow(ClosedError);
      await expect(service.service('later')).rejects.toThrow(ClosedError);
      expect(await late[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    });

    it('throws an error for an empty list', async () => {
      const service = await discovery({ services: ['api'] });
      expect(thrown(() => service.pick('api'))).toMatchObject({
        code: 'SIDEKICK_NO_ENDPOINTS',
        reason: 'empty',
        service: 'api',
        statusCode: 503,
      });
      await expect(service.service('api')).rejects.toThrow(/the registry answered with an empty list/);
      await bench.web.withdraw('a', 'b', 'c');
      await expect(service.of('api').ready({ timeout: 0.01 })).rejects.toThrow(NoEndpointsError);
    });

    it('follows instances that are added and removed', async () => {
      const service = await discovery({ services: ['web'] });
      const changes = firstValueFrom(service.changes.pipe(take(2), toArray()));
      await bench.web.announce('d');
      await eventually(() => service.endpoints('web').length === 4);
      await bench.web.withdraw('a');
      const [added, removed] = await changes;
      expect(added).toMatchObject({ service: 'web', revision: 2, added: [{ id: 'd' }], removed: [] });
      expect(removed).toMatchObject({ revision: 3, removed: [{ id: 'a' }] });
      expect(watchEvents(removed!)).toEqual(['changed', 'healthy']);
    });

    it('serves only endpoints with the tag', async () => {
      await bench.web.announce({ id: 'blue', tags: ['blue'] });
      const service = await discovery({ services: [{ name: 'web', tag: 'blue' }] });
      expect(service.endpoints('web').map(({ id }) => id)).toEqual(['blue']);
    });

    it('dumps the state as plain data without secrets', async () => {
      const service = await discovery({ services: [{ name: 'web', zone: 'z1' }] });
      const dump = JSON.parse(JSON.stringify(service.dump())) as unknown;
      expect(dump).toMatchObject({
        services: [{ name: 'web', zone: 'z1', revision: 1, stale: false, endpoints: [{ id: 'a' }, {}, {}] }],
      });
    });

    it('accepts unusual names unchanged and does not change Object.prototype', async () => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      const service = await discovery();
      for (const name of ['__proto__', 'constructor', 'toString', '../etc', '%2e%2e/', 'ünï/cödé']) {
        const other = await Announcer.on(bench.source, name);
        await other.announce('x');
        expect((await service.service(name)).service).toBe(name);
        await other.end();
      }
      for (const name of ['', 'a\0b', 'x'.repeat(10_000)])
        expect(() => service.of(name)).toThrow(InvalidOptionError);
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    });
  });

  describe('refresh and SIGHUP', () => {
    const hup = (): void => void process.emit('SIGHUP');

    it('refreshes at every SIGHUP', async () => {
      const { registry, source: counted } = scripted();
      const service = await discovery({ registry: counted, services: ['web'] });
      for (let round = 1; round <= 5; round++) {
        registry.answer = () => listing([webEntry(`round-${round}`)]);
        hup();
        await eventually(() => service.endpoints('web')[0]?.id === `round-${round}`);
      }
    });

    it('reaches several modules, and none after they are closed', async () => {
      const [one, two] = [scripted(), scripted()];
      await start({ registry: one.source, services: ['web'] });
      await start({ registry: two.source, services: ['web'] });
      expect(process.listenerCount('SIGHUP')).toBe(1);
      const before = [one.registry.lists, two.registry.lists];
      hup();
      await eventually(() => one.registry.lists > before[0]! && two.registry.lists > before[1]!);
      await apps[0]!.close();
      expect(process.listenerCount('SIGHUP')).toBe(1);
      await apps[1]!.close();
      expect(process.listenerCount('SIGHUP')).toBe(0);
    });

    it('has no listener when it is turned off', async () => {
      await start({ sighup: false });
      expect(process.listenerCount('SIGHUP')).toBe(0);
    });

    it('keeps the lists and logs a warning when a refresh fails', async () => {
      const { registry, source: failing } = scripted();
      registry.answer = () => listing([webEntry('a')]);
      const service = await discovery({ registry: failing, services: ['web'] });
      registry.answer = () => Promise.reject(new Error('refused'));
      hup();
      await eventually(() => lines.some((line) => line.startsWith('Refresh after SIGHUP failed')));
      await expect(service.refresh()).rejects.toThrow('refused');
      expect(service.pick('web').id).toBe('a');
      expect(service.of('web').stale).toBe(true);
    });

    it('service() waits for a refresh in progress, pick() does not', async () => {
      const { registry, source: slow } = scripted();
      registry.answer = () => listing([webEntry('old')]);
      const service = await discovery({ registry: slow, services: ['web'] });
      let release: () => void = () => undefined;
      registry.answer = () =>
        new Promise((resolve) => {
          release = () => {
            resolve(listing([webEntry('new')]));
          };
        });
      const lists = registry.lists;
      const refreshing = service.refresh('web');
      const waiting = service.service('web');
      await eventually(() => registry.lists > lists);
      expect(service.pick('web').id).toBe('old');
      release();
      await refreshing;
      expect((await waiting).id).toBe('new');
    });
  });
});
