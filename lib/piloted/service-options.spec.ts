import { Controller, Get, Module } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Announcer } from '../../test/harness/in-memory/announcer.js';
import { pilotedBench } from '../../test/harness/in-memory/piloted-bench.js';
import { CHANNELS } from '../common/diagnostics.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { memory } from '../registries/memory/memory.js';
import { DiscoveryService } from './discovery.service.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { Service } from './service.decorator.js';

describe('options of a service', () => {
  const bench = pilotedBench();
  const { start, discovery } = bench;

  it('makes one list of two registries', async () => {
    const other = memory();
    const there = await Announcer.on(other);
    await there.announce('x');
    const service = await discovery({ services: [{ name: 'web', registry: [other, bench.source] }] });
    // In the order in which the two registries respond.
    expect(
      service
        .endpoints('web')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b', 'c', 'x']);
    await there.end();
  });

  it('finds a service in another registry than the others', async () => {
    const other = memory();
    const there = await Announcer.on(other, 'api');
    await there.announce('x');
    const service = await discovery({ services: ['web', { name: 'api', registry: other }] });
    expect(service.endpoints('web')).toHaveLength(3);
    expect(service.pick('api').id).toBe('x');
    await there.end();
  });

  it('falls back on given endpoints while the list is empty, also with `enabled: false`', async () => {
    const services = [
      { name: 'shop', fallback: ['10.0.0.9:80', { address: '10.0.0.8', port: 81, weight: 0 }] },
    ];
    for (const enabled of [true, false]) {
      const service = await discovery({ services, enabled });
      expect(service.pick('shop')).toMatchObject({ address: '10.0.0.9', port: 80, id: '10.0.0.9:80' });
      expect(service.endpoints('shop')).toHaveLength(2);
      expect(service.of('shop').stale).toBe(true);
    }
  });

  it('reports that the tag or the addresses leave no endpoint', async () => {
    const failures: unknown[] = [];
    const listener = (message: unknown): void => void failures.push(message);
    subscribe(CHANNELS.selectionFailure.name, listener);
    const tagged = await discovery({ services: [{ name: 'web', tag: 'blue' }] });
    expect(() => tagged.pick('web')).toThrow(
      /^Service "web" has no endpoints: the registry has instances, but `tag` or `allow` leaves none of them \(memory:#\d+, \d+(\.\d)? s ago\)\.$/,
    );
    const allowed = await discovery({ services: ['web', 'none'], allow: ['192.168.0.0/16'] });
    const reason = (name: string): string => {
      try {
        return allowed.pick(name).id;
      } catch (error) {
        return (error as NoEndpointsError).reason;
      }
    };
    expect([reason('web'), reason('none')]).toEqual(['excluded', 'empty']);
    unsubscribe(CHANNELS.selectionFailure.name, listener);
    expect(failures).toEqual([
      { applicationId: expect.any(String) as string, service: 'web', reason: 'excluded' },
      { applicationId: expect.any(String) as string, service: 'web', reason: 'excluded' },
      { applicationId: expect.any(String) as string, service: 'none', reason: 'empty' },
    ]);
  });

  it('publishes each change of a list', async () => {
    const messages: unknown[] = [];
    const listener = (message: unknown): void => void messages.push(message);
    subscribe(CHANNELS.serviceChange.name, listener);
    await discovery({ services: ['web'] });
    unsubscribe(CHANNELS.serviceChange.name, listener);
    expect(messages).toEqual([
      {
        applicationId: expect.any(String) as string,
        service: 'web',
        revision: 1,
        added: ['a', 'b', 'c'],
        removed: [],
        updated: [],
        endpoints: 3,
      },
    ]);
  });

  it('picks by key with maglev, and needs one', async () => {
    const service = await discovery({ services: [{ name: 'web', balancer: 'maglev' }] });
    const handle = service.of('web');
    expect(handle.pick('user-7')).toBe(handle.pick('user-7'));
    expect(() => handle.pick()).toThrow(/^Expected `key` to be a string or a number/);
  });

  it('refuses a handler parameter of a service with maglev at boot', async () => {
    @Controller()
    class Keyless {
      @Get()
      get(@Service('web') endpoint: Endpoint): string {
        return endpoint.id;
      }
    }
    @Module({ controllers: [Keyless] })
    class Feature {}
    await expect(start({ services: [{ name: 'web', balancer: 'maglev' }] }, Feature)).rejects.toThrow(
      'Expected service "web" of @Service on a parameter of Keyless.get to have a balancer that needs no key, got maglev.',
    );
  });

  it('shows the balancer, panic and calls in the dump', async () => {
    const service = await discovery({ services: [{ name: 'web', balancer: 'least-request' }] });
    const handle = service.of('web');
    const call = handle.start(handle.endpoints[0]!);
    expect(service.dump().services[0]).toMatchObject({
      balancer: 'least-request',
      panic: false,
      endpoints: [{ id: 'a', state: 'active', inFlight: 1, calls: 1 }, { inFlight: 0 }, {}],
    });
    call.done();
    expect(service.dump().services[0]!.endpoints[0]).toMatchObject({ inFlight: 0, failures: 0 });
    expect(service).toBeInstanceOf(DiscoveryService);
  });
});
