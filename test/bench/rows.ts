import { type RowModule } from './measure/line.js';

export interface Row {
  readonly name: string;
  readonly title: string;
  /** One sentence: what the figures mean for a user. */
  readonly meaning: string;
  /** Each runs in a process of its own. */
  readonly variants: readonly string[];
  /** The variants of `--quick`. */
  readonly quick: readonly string[];
  /** Measures the built package, which the run builds first. */
  readonly built?: true;
  load(): Promise<RowModule>;
}

/** All rows, in the order of the page. */
export const ROWS: readonly Row[] = [
  {
    name: 'pick',
    title: 'Round robin',
    meaning:
      'What a pick adds to a request, against an index into an array, for three to ten thousand endpoints.',
    variants: ['handle 3', 'handle 10', 'handle 100', 'handle 1000', 'handle 10000', 'name 10', 'name 1000'],
    quick: ['handle 3', 'handle 1000', 'name 10'],
    load: async () => await import('./rows/pick.js'),
  },
  {
    name: 'strategies',
    title: 'Other strategies',
    meaning:
      'What weights, consistent hashing and load-aware strategies cost, against a hand-written one or an index into an array.',
    variants: ['weighted', 'maglev', 'random', 'least-request', 'peak-ewma'].flatMap((name) => [
      `${name} 100`,
      `${name} 1000`,
    ]),
    quick: ['weighted 100', 'least-request 100'],
    load: async () => await import('./rows/strategies.js'),
  },
  {
    name: 'peers',
    title: 'Other libraries',
    meaning:
      'A pick of `piloted`, `@nestcloud/loadbalance` and `moleculer` copies or filters the list each time, so its cost grows with the number of endpoints.',
    variants: ['10', '100', '1000', '10000'],
    quick: ['100'],
    load: async () => await import('./rows/peers.js'),
  },
  {
    name: 'change',
    title: 'One change in a list',
    meaning:
      'How long a list stays behind after its watch has reported that one instance changed; the event loop is busy for about as long.',
    variants: [
      '3',
      '100',
      '1000',
      '10000',
      ...['random', 'least-request', 'peak-ewma', 'maglev', 'pick-first', 'weighted'].map(
        (how) => `10000 ${how}`,
      ),
    ],
    quick: ['1000', '10000 least-request'],
    load: async () => await import('./rows/change.js'),
  },
  {
    name: 'visible',
    title: 'Registration until visible',
    meaning:
      'How long after a registration another process picks the new endpoint, against the least that the registry itself needs to report it.',
    variants: ['etcd 3', 'etcd 1000', 'etcd 10000', 'consul', 'file'],
    quick: ['etcd 1000', 'consul', 'file'],
    load: async () => await import('./rows/visible.js'),
  },
  {
    name: 'event-loop',
    title: 'Event loop while a list changes',
    meaning:
      'How long other work of the process waits while the watch of a very large service reports changes.',
    variants: ['10000'],
    quick: ['10000'],
    load: async () => await import('./rows/event-loop.js'),
  },
  {
    name: 'memory',
    title: 'Memory of cached endpoints',
    meaning:
      'How much memory a client of a very large service needs for its list, against the same endpoints as plain objects.',
    variants: ['all'],
    quick: ['all'],
    load: async () => await import('./rows/memory.js'),
  },
  {
    name: 'route',
    title: 'A route with a parameter `@Service`',
    meaning: 'What the parameter of a handler adds to a request, against the same handler with a literal.',
    variants: ['all'],
    quick: ['all'],
    load: async () => await import('./rows/route.js'),
  },
  {
    name: 'calls',
    title: 'HTTP calls by service name',
    meaning:
      'A call by service name, with outlier detection and retry on, against the same call to a fixed address.',
    variants: ['get', 'post', 'axios'],
    quick: ['get'],
    load: async () => await import('./rows/calls.js'),
  },
  {
    name: 'rpc',
    title: 'gRPC and TCP calls by service name',
    meaning:
      'A gRPC call or a message of Nest microservices by service name, against a client with a fixed address.',
    variants: ['grpc', 'tcp'],
    quick: ['grpc', 'tcp'],
    load: async () => await import('./rows/rpc.js'),
  },
  {
    name: 'keys',
    title: 'Registered keys at rest',
    meaning:
      'What it costs a process to keep its keys registered in etcd while nothing changes, and to register them.',
    variants: ['100', '1000', '10000'],
    quick: ['1000'],
    load: async () => await import('./rows/keys.js'),
  },
  {
    name: 'recovery',
    title: 'Recovery of all keys',
    meaning:
      'How long the keys of a process are missing after its lease was revoked, or an operator has deleted all of them.',
    variants: ['revoked 10000', 'deleted 10000'],
    quick: ['deleted 1000'],
    load: async () => await import('./rows/recovery.js'),
  },
  {
    name: 'boot',
    title: 'Boot of an application',
    meaning: 'By how much the two modules delay the start of a Nest application.',
    variants: ['all'],
    quick: ['all'],
    built: true,
    load: async () => await import('./rows/boot.js'),
  },
  {
    name: 'size',
    title: 'Install size',
    meaning:
      'What an installation adds to `node_modules`; a dependency that the application has already costs nothing. Optional peers are not counted.',
    variants: ['all'],
    quick: ['all'],
    built: true,
    load: async () => await import('./rows/size.js'),
  },
];
