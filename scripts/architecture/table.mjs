/**
 * The folders of `lib/` and the imports that each may have: the source of `test/unit/architecture.spec.ts` and of the
 * picture in `docs/architecture.md`. A folder may always import itself. The longest path that matches a file is its folder.
 */
const DRIVERS = {
  memory: 'a store in this process, for tests',
  file: 'a folder, for the processes of one machine',
  fixed: 'a list written in the configuration',
  dns: 'SRV, A and AAAA records',
  consul: 'a Consul agent, through the `consul` package',
};

const drivers = Object.entries(DRIVERS).map(([name, about]) => ({
  folder: `registries/${name}`,
  about,
  imports: ['common', 'registry'],
}));

export const folders = [
  {
    folder: 'common',
    about:
      'no Nest, no registry: clock, backoff, deadlines, errors, option checks, redaction, addresses, TLS',
    imports: [],
  },
  {
    folder: 'registry',
    about: 'the port that every driver implements, and the list-and-watch cache over it',
    imports: ['common'],
  },
  {
    folder: 'registry/contract',
    about: 'the contract suite for drivers',
    imports: ['common', 'registry'],
  },
  ...drivers,
  {
    folder: 'registries/etcd',
    about: 'an etcd cluster, through `etcd-client`',
    imports: ['common', 'registry', 'etcd-client'],
  },
  {
    folder: 'registries/registry-url.ts',
    about: 'the only file that imports every driver; loads a driver when its URL is opened',
    imports: ['common', 'registry', 'registries/etcd', ...drivers.map(({ folder }) => folder)],
  },
  {
    folder: 'etcd-client',
    about: 'the etcd client: endpoints, errors, leases, watches, keys, members, auth',
    imports: ['common'],
  },
  {
    folder: 'containerpilot',
    about: "ContainerPilot's configuration language and its watch events",
    imports: ['common'],
  },
  {
    folder: 'registration',
    about: 'Registrar and Registration: pure state machines and their runners',
    imports: ['common', 'registry'],
  },
  {
    folder: 'registration/worker',
    about: 'the worker thread of `isolate`, and the registrar in it',
    imports: ['common', 'registry', 'registration', 'registries/registry-url.ts', 'election/worker'],
  },
  {
    folder: 'election',
    about: 'elections and locks: pure state machines and their runners',
    imports: ['common', 'registry', 'registration'],
  },
  {
    folder: 'election/worker',
    about: 'elections and locks in the worker thread of `isolate`',
    imports: ['common', 'registration', 'election'],
  },
  {
    folder: 'discovery',
    about: 'the service cache: endpoints, address policy, expiry guard, snapshot',
    imports: ['common', 'registry'],
  },
  { folder: 'balancing', about: 'the balancers', imports: ['common', 'discovery'] },
  {
    folder: 'calling',
    about: 'what every client integration shares: attempts, outcomes, retries and their budget',
    imports: ['common', 'discovery', 'balancing'],
  },
  { folder: 'nest', about: 'shared code of the Nest modules', imports: ['common'] },
  {
    folder: 'sidekick',
    about: '`SidekickModule`: registration in Nest',
    imports: [
      'common',
      'nest',
      'registry',
      'registries/registry-url.ts',
      'registration',
      'registration/worker',
      'election',
      'containerpilot',
    ],
  },
  {
    folder: 'piloted',
    about: '`PilotedModule`: discovery in Nest',
    imports: [
      'common',
      'nest',
      'registry',
      'registries/registry-url.ts',
      'registries/fixed',
      'discovery',
      'balancing',
      'calling',
      'containerpilot',
    ],
  },
  {
    folder: 'http',
    about: '`ServiceHttpModule`: fetch, undici and axios by the name of a service',
    imports: ['common', 'nest', 'discovery', 'balancing', 'calling', 'piloted'],
  },
  {
    folder: 'etcd',
    about: '`EtcdModule`, and the public names of `nestjs-sidekick/etcd`',
    imports: ['common', 'nest', 'etcd-client', 'registries/etcd'],
  },
  {
    folder: 'grpc',
    about: "`nestjs-sidekick/grpc`: Nest's gRPC client for services by name",
    imports: ['common', 'discovery', 'balancing', 'calling', 'piloted'],
  },
  {
    folder: 'microservices',
    about: "`nestjs-sidekick/microservices`: Nest's TCP client for services by name",
    imports: ['common', 'discovery', 'balancing', 'calling', 'piloted'],
  },
  {
    folder: 'dashboard',
    about: '`SidekickDashboardModule`: the live page and its event stream',
    imports: ['common', 'nest', 'registry', 'discovery', 'registration', 'election', 'sidekick', 'piloted'],
  },
  {
    folder: 'metrics',
    about: '`SidekickMetricsModule`: metrics for Prometheus and OpenTelemetry',
    imports: ['common', 'nest', 'registry', 'registration', 'election', 'sidekick', 'piloted'],
  },
  {
    folder: 'dashboard/page',
    about: 'the page itself, which runs in a browser',
    imports: ['common', 'dashboard'],
  },
  {
    folder: 'terminus',
    about: '`SidekickHealthModule`: health indicators for Terminus',
    imports: ['common', 'nest', 'registry', 'registration', 'sidekick', 'piloted'],
  },
  {
    folder: 'testing',
    about:
      'for tests of applications and drivers: fake services, a virtual clock, a registry with injectable faults',
    imports: [
      'common',
      'registry',
      'registry/contract',
      'registries/memory',
      'registries/fixed',
      'discovery',
      'balancing',
      'election',
      'piloted',
    ],
  },
  {
    folder: 'cli',
    about: 'the programs `piloted` and `sidekicker`',
    imports: [
      'common',
      'registry',
      'registries/registry-url.ts',
      'registration',
      'election',
      'discovery',
      'containerpilot',
      'sidekick',
      'piloted',
      'http',
    ],
  },
  {
    folder: 'schematics',
    about: '`nest add nestjs-sidekick`, which sets an application up',
    imports: [],
  },
  {
    folder: 'index.ts',
    about: 'the application API of `nestjs-sidekick`',
    imports: [
      'common',
      'registry',
      'registries/memory',
      'registries/file',
      'registries/fixed',
      'registration',
      'election',
      'discovery',
      'balancing',
      'calling',
      'containerpilot',
      'sidekick',
      'piloted',
    ],
  },
];

/** Packages that only some folders may import. */
export const packages = [
  {
    name: /^@nestjs\//,
    folders: [
      'nest',
      'sidekick',
      'piloted',
      'http',
      'etcd',
      'grpc',
      'microservices',
      'dashboard',
      'terminus',
      'metrics',
      'testing',
      'index.ts',
    ],
  },
  { name: /^etcd3$/, folders: ['etcd-client', 'registries/etcd'] },
  { name: /^@grpc\//, folders: ['etcd-client', 'registries/etcd', 'grpc'] },
  { name: /^prom-client$|^@prometheus-io/, folders: ['metrics'] },
  { name: /^@opentelemetry\//, folders: ['metrics'] },
  { name: /^consul$/, folders: ['registries/consul'] },
  { name: /^lit-html/, folders: ['dashboard/page'] },
  { name: /^typescript$|^@angular-devkit\//, folders: ['schematics'] },
];

/** Returns the folder of the table to which a file of `lib/` belongs, or undefined. */
export function folderOf(path) {
  return folders
    .map(({ folder }) => folder)
    .filter((folder) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}
