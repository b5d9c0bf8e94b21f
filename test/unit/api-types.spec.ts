import { Controller, Get, Injectable } from '@nestjs/common';
import { expectTypeOf } from 'expect-type';
import {
  type Balancer,
  type BalancerOption,
  type DiscoveryService,
  Endpoint,
  file,
  fixed,
  memory,
  OnServiceChange,
  PilotedModule,
  type PilotedModuleAsyncOptions,
  type PilotedModuleOptions,
  type RegistrySource,
  Service,
  type ServiceAnnouncement,
  ServiceChange,
  ServiceHandle,
  type ServiceOptions,
  SidekickModule,
  type SidekickModuleAsyncOptions,
  type SidekickModuleOptions,
  type Value,
} from '../../lib/index.js';

/** Tests of types: `tsc` checks them, and Jest only loads the file. */
describe('The types of the application API', () => {
  it('allow @Service for an endpoint on a handler, and for a handle elsewhere', () => {
    @Controller()
    class Gateway {
      @Service('stock')
      readonly stock!: ServiceHandle;

      constructor(@Service('billing') readonly billing: ServiceHandle) {}

      @Get()
      show(@Service('orders') orders: Endpoint): string {
        return orders.address;
      }

      @OnServiceChange('stock')
      changed(change: ServiceChange): number {
        return change.added.length;
      }
    }
    expectTypeOf<Gateway['stock']>().toEqualTypeOf<ServiceHandle>();
    expectTypeOf(Service('orders')).toBeCallableWith(Gateway.prototype, 'show', 0);
    expectTypeOf(Service('billing')).toBeCallableWith(Gateway, undefined, 0);
    expectTypeOf(Service('stock')).toBeCallableWith(Gateway.prototype, 'stock');
    // A service is one instance of many: the decorator is not one of classes.
    expectTypeOf(Service('stock')).not.toExtend<ClassDecorator>();
    expectTypeOf(Service).parameters.toEqualTypeOf<[name: string]>();
  });

  it('give endpoints and handles that an application can only read', () => {
    expectTypeOf<Endpoint>().toHaveProperty('address').toEqualTypeOf<string>();
    expectTypeOf<Endpoint>().toHaveProperty('port').toEqualTypeOf<number>();
    expectTypeOf<Endpoint['tags']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ServiceHandle['endpoints']>().toEqualTypeOf<readonly Endpoint[]>();
    expectTypeOf<ServiceHandle>().toExtend<AsyncIterable<readonly Endpoint[]>>();
    expectTypeOf<DiscoveryService['of']>().toEqualTypeOf<(name: string) => ServiceHandle>();
    expectTypeOf<ServiceChange['previous']>().toEqualTypeOf<readonly Endpoint[] | undefined>();
  });

  it('accept every documented form of an option', () => {
    expectTypeOf(SidekickModule.forRoot).toBeCallableWith();
    expectTypeOf(PilotedModule.forRoot).toBeCallableWith();
    expectTypeOf<SidekickModuleOptions['registry']>().toEqualTypeOf<string | RegistrySource | undefined>();
    expectTypeOf<PilotedModuleOptions['registry']>().toEqualTypeOf<string | RegistrySource | undefined>();
    expectTypeOf(memory()).toExtend<RegistrySource>();
    expectTypeOf(file('/tmp/registry')).toExtend<RegistrySource>();
    expectTypeOf(
      fixed({ web: ['10.0.0.1:80', { address: '10.0.0.2', port: 80 }] }),
    ).toExtend<RegistrySource>();
    expectTypeOf<string>().toExtend<Value>();
    expectTypeOf<() => string>().toExtend<Value>();
    expectTypeOf<(signal: AbortSignal) => Promise<string>>().toExtend<Value>();
    expectTypeOf<{ name: 'web' }>().toExtend<ServiceAnnouncement>();
    expectTypeOf<'web' | { name: 'web'; tag: 'v2' }>().toExtend<string | ServiceOptions>();
    expectTypeOf<'round-robin'>().toExtend<BalancerOption>();
    expectTypeOf<() => Balancer>().toExtend<BalancerOption>();
    expectTypeOf<PilotedModuleOptions['boot']>().toEqualTypeOf<'wait' | 'empty' | 'fail' | undefined>();
  });

  it('reject an option of another type', () => {
    expectTypeOf<number>().not.toExtend<Value>();
    expectTypeOf<'fastest'>().not.toExtend<BalancerOption>();
    expectTypeOf<{ port: number }>().not.toExtend<ServiceAnnouncement>();
    expectTypeOf<{ ttl: string }>().not.toExtend<SidekickModuleOptions>();
    expectTypeOf<{ services: number[] }>().not.toExtend<PilotedModuleOptions>();
  });

  it('accept a factory with injected parameters', () => {
    @Injectable()
    class Config {
      readonly registry = 'memory:';
    }
    const useFactory = (config: Config) => ({ registry: config.registry });
    expectTypeOf({ inject: [Config], useFactory }).toExtend<SidekickModuleAsyncOptions>();
    expectTypeOf({ inject: [Config], useFactory }).toExtend<PilotedModuleAsyncOptions>();
  });
});
