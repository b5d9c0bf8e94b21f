import { Logger as NestLogger, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isDeepStrictEqual } from 'node:util';
import { type BalancerOption } from '../balancing/create-balancer.js';
import { type Clock, systemClock } from '../common/clock.js';
import { type ServiceName } from '../common/declared-names.js';
import { ClosedError, RegistryUnavailableError } from '../common/errors/index.js';
import { checkFields, type FieldCheck, objectField } from '../common/check-fields.js';
import { checkObject } from '../common/expected.js';
import { type Random } from '../common/random.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { PILOTED_DEFAULTS } from '../piloted/piloted.options.js';
import { getServiceToken } from '../piloted/piloted.tokens.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { ServiceHandles } from '../piloted/service-handles.js';
import { type FixedInstance, readServices } from '../registries/fixed/fixed.js';
import { FakeSelection } from './fake-selection.js';
import { FakeServicesLifecycle } from './fake-services.lifecycle.js';

/** The lists of {@link fakeServices}, by the names of the services: `host:port` or the fields of an instance. */
export type FakeLists = Readonly<Partial<Record<ServiceName, readonly FixedInstance[] | undefined>>>;

/** Options of {@link fakeServices}. */
export interface FakeServicesOptions {
  /**
   * How the next endpoint is chosen.
   *
   * @default 'round-robin'
   */
  readonly balancer?: BalancerOption;
  /**
   * The clock of ages and deadlines.
   *
   * @default the system's
   */
  readonly clock?: Clock;
  /**
   * Random numbers from 0 to 1, for balancers that draw.
   *
   * @default () => 0: the first pick is the first endpoint of the list
   */
  readonly random?: Random;
  /**
   * Seconds that a caller waits for the first list of a service that has none.
   *
   * @default 5
   */
  readonly bootTimeout?: number;
}

const OPTIONS: Readonly<Record<keyof FakeServicesOptions, FieldCheck>> = {
  // Checked where the balancers are made.
  balancer: { what: 'a balancer', holds: () => true },
  clock: objectField('a clock'),
  random: { what: 'a function', holds: (value) => typeof value === 'function' },
  bootTimeout: { what: 'a number of seconds', holds: (value) => typeof value === 'number' && value >= 0 },
};

/** Services whose lists a test writes. Made by {@link fakeServices}. */
export interface FakeServices {
  /** Provide `DiscoveryService` and the handle of each service, in place of PilotedModule. */
  readonly providers: Provider[];
  /** As the class under test gets it. */
  readonly discovery: DiscoveryService;
  /** The handle of a service, as `@Service(name)` injects it. @throws UnknownServiceError */
  of(name: ServiceName): ServiceHandle;
  /**
   * Replaces the list of a service that was given, with a list or `undefined`. The handle has the new list, and its
   * listeners were called, when this returns.
   *
   * @throws UnknownServiceError
   * @throws InvalidOptionError
   * @throws ClosedError
   */
  set(name: ServiceName, endpoints: readonly FixedInstance[]): void;
  /**
   * Makes a service behave as if its registry were unreachable, until the next `set`: the list stays in use, marked
   * `stale`, and a refresh fails.
   *
   * @default a `RegistryUnavailableError`
   * @throws UnknownServiceError
   */
  fail(name: ServiceName, error?: Error): void;
  /** Ends all timers and streams. A module with the `providers` does it when it closes. */
  close(): void;
}

/**
 * Services by name for a unit test, without PilotedModule and without a registry. Handles, balancers and errors are the
 * ones of production; only the lists come from the test. A service without a list (`undefined`) is one whose registry has
 * never answered. Any other name is an `UnknownServiceError`.
 *
 * ```ts
 * const services = fakeServices({ stock: ['10.0.0.1:80', '10.0.0.2:80'], billing: [] });
 * const module = await Test.createTestingModule({ controllers: [Orders], providers: services.providers }).compile();
 * services.set('stock', ['10.0.0.3:80']);
 * ```
 *
 * @throws InvalidOptionError when a name, an endpoint or an option is invalid, or an option is unknown
 */
export function fakeServices(lists: FakeLists, options: FakeServicesOptions = {}): FakeServices {
  checkObject('fakeServices()', lists);
  checkFields('the second argument of fakeServices()', options, OPTIONS);
  const { clock = systemClock, random = () => 0, balancer, bootTimeout } = options;
  const selections = new Map<string, FakeSelection>();
  let closed = false;
  const handles = new ServiceHandles({
    cache: { watch: ({ service }) => selectionOf(service) },
    clock,
    random,
    logger: new NestLogger('FakeServices'),
    balancer: balancer ?? PILOTED_DEFAULTS.balancer,
    bootTimeout: bootTimeout ?? PILOTED_DEFAULTS.bootTimeout,
  });
  const selectionOf = (name: string): FakeSelection => {
    const known = selections.get(name);
    if (known) return known;
    const selection = new FakeSelection(name, clock);
    selections.set(name, selection);
    handles.declare({ name });
    return selection;
  };
  const set = (name: string, endpoints: readonly FixedInstance[]): void => {
    const instances =
      readServices({ [name]: endpoints }, `the endpoints of service "${name}"`).get(name) ?? [];
    const selection = selectionOf(name);
    // An endpoint that has not changed stays the same object, as in production.
    const kept = instances.map(
      (instance) => selection.endpoints.find((each) => isDeepStrictEqual(each, instance)) ?? instance,
    );
    selection.set(Object.freeze(kept));
  };
  const close = (): void => {
    closed = true;
    handles.close();
  };

  handles.restrict();
  for (const [name, endpoints] of Object.entries<readonly FixedInstance[] | undefined>(lists)) {
    if (endpoints === undefined) selectionOf(name);
    else set(name, endpoints);
  }
  const discovery = new DiscoveryService(handles);
  return {
    providers: [
      { provide: DiscoveryService, useValue: discovery },
      { provide: ServiceHandles, useValue: handles },
      ...[...selections.keys()].map((name) => ({
        provide: getServiceToken(name),
        useValue: handles.of(name),
      })),
      {
        provide: FakeServicesLifecycle,
        inject: [ModulesContainer],
        useFactory: (modules: ModulesContainer) => new FakeServicesLifecycle(modules, handles, close),
      },
    ],
    discovery,
    of: (name) => handles.of(name),
    set: (name, endpoints) => {
      if (closed) throw new ClosedError('fakeServices()');
      handles.of(name);
      set(name, endpoints);
    },
    fail: (name, error = new RegistryUnavailableError('fake:', [unreachable()])) => {
      handles.of(name);
      selectionOf(name).fail(error);
    },
    close,
  };
}

function unreachable() {
  return { endpoint: 'fake:', error: new Error('the test has taken it down') };
}
