import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { OnServiceChange } from '../piloted/on-service-change.decorator.js';
import { NoEndpointsError } from '../piloted/no-endpoints.error.js';
import { UnknownServiceError } from '../piloted/unknown-service.error.js';
import { Service } from '../piloted/service.decorator.js';
import { ServiceHandle } from '../piloted/service-handle.js';
import { fakeServices } from './fake-services.js';
import { VirtualClock } from './virtual-clock.js';

@Controller()
class Orders {
  constructor(
    readonly discovery: DiscoveryService,
    @Service('billing') readonly billing: ServiceHandle,
  ) {}

  @Get()
  show(@Service('stock') stock: Endpoint): string {
    return `${stock.address}:${stock.port}`;
  }
}

@Injectable()
class Listener {
  readonly lists: (readonly string[])[] = [];

  @OnServiceChange('stock')
  changed({ endpoints }: ServiceChange): void {
    this.lists.push(endpoints.map(({ id }) => id));
  }
}

describe('Fake services', () => {
  it('stand for DiscoveryService and the handles, without modules', async () => {
    const services = fakeServices({ stock: ['10.0.0.1:80', '10.0.0.2:80'], billing: [] });
    const module = await Test.createTestingModule({
      controllers: [Orders],
      providers: [Listener, ...services.providers],
    }).compile();
    await module.init();
    const orders = module.get(Orders);
    expect(orders.billing).toBe(services.of('billing'));
    expect(orders.discovery.pick('stock').address).toBe('10.0.0.1');
    expect(orders.discovery.pick('stock').address).toBe('10.0.0.2');
    services.set('stock', ['10.0.0.2:80']);
    expect(orders.discovery.endpoints('stock')).toHaveLength(1);
    expect(module.get(Listener).lists).toEqual([['10.0.0.1:80', '10.0.0.2:80'], ['10.0.0.2:80']]);
    await module.close();
    expect(() => services.set('stock', [])).toThrow('fakeServices() has been closed.');
    // As in production.
    expect(orders.discovery.pick('stock').address).toBe('10.0.0.2');
  });

  it('call a listener once per list in a microservice that runs its hooks twice', async () => {
    const services = fakeServices({ stock: ['10.0.0.1:80'] });
    const module = await Test.createTestingModule({
      providers: [Listener, ...services.providers],
    }).compile();
    const strategy = { listen: (done: () => void) => done(), close: () => undefined };
    const app = module.createNestMicroservice({ strategy, logger: false } as object);
    await app.init();
    await app.listen();
    services.set('stock', []);
    expect(module.get(Listener).lists).toEqual([['10.0.0.1:80'], []]);
    await app.close();
  });

  it('stand for them in an imported module, from a global one', async () => {
    @Module({ controllers: [Orders], providers: [Listener] })
    class OrdersModule {}
    const { providers, discovery } = fakeServices({ stock: ['10.0.0.1:80'], billing: [] });
    @Module({})
    class Fakes {}
    const fakes = { module: Fakes, global: true, providers, exports: providers };
    const module = await Test.createTestingModule({ imports: [OrdersModule, fakes] }).compile();
    await module.init();
    expect(module.get(Orders).discovery).toBe(discovery);
    expect(module.get(Listener).lists).toEqual([['10.0.0.1:80']]);
    await module.close();
  });

  it('give an endpoint to a route handler', async () => {
    const services = fakeServices({ stock: ['10.0.0.1:80'], billing: undefined });
    const module = await Test.createTestingModule({
      controllers: [Orders],
      providers: services.providers,
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('10.0.0.1:80');
    services.set('stock', []);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
    await app.close();
  });

  it('keep the list while their registry is away', async () => {
    const clock = new VirtualClock();
    const services = fakeServices({ stock: [{ address: '10.0.0.1', port: 80, tags: ['v2'] }] }, { clock });
    const stock = services.of('stock');
    const [before] = stock.endpoints;
    services.fail('stock');
    await clock.advance(3_000);
    expect([stock.stale, stock.age, stock.endpoints.length]).toEqual([true, 3, 1]);
    await expect(stock.refresh()).rejects.toMatchObject({ code: 'SIDEKICK_REGISTRY_UNAVAILABLE' });
    let changes = 0;
    stock.changes.subscribe(() => (changes += 1));
    services.set('stock', [{ address: '10.0.0.1', port: 80, tags: ['v2'] }]);
    expect([stock.stale, stock.age, changes]).toEqual([false, 0, 0]);
    expect(stock.endpoints[0]).toBe(before);
  });

  it('wait for a list that is not there yet, on the clock of the test', async () => {
    const clock = new VirtualClock();
    const services = fakeServices({ stock: undefined }, { clock });
    expect(() => services.discovery.pick('stock')).toThrow(NoEndpointsError);
    const failing = expect(services.discovery.service('stock')).rejects.toMatchObject({
      reason: 'never-answered',
    });
    await clock.advance(5_000);
    await failing;
    const picked = services.discovery.service('stock');
    services.set('stock', ['10.0.0.1:80']);
    await expect(picked).resolves.toMatchObject({ address: '10.0.0.1' });
    expect(clock.pending).toBe(0);
  });

  it('refuse other names, bad endpoints and unknown options', () => {
    const services = fakeServices({ stock: [], billing: undefined });
    expect(() => services.of('stok')).toThrow('stok');
    expect(() => services.fail('stok')).toThrow('stok');
    expect(() => fakeServices({ stock: ['10.0.0.1'] })).toThrow('the endpoints of service "stock"');
    expect(() => services.set('stok', [])).toThrow(UnknownServiceError);
    expect(() => services.set('stock', ['10.0.0.1'])).toThrow('the endpoints of service "stock"');
    expect(() => fakeServices({}, { balncer: 'random' } as never)).toThrow(
      'with fields among balancer, clock, random, bootTimeout, got {"balncer":"random"}. Did you mean "balancer"?',
    );
    services.set('billing', ['10.0.0.9:80']);
    expect(services.discovery.pick('billing').address).toBe('10.0.0.9');
  });
});
