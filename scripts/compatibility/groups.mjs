import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBinary } from '../servers/node.mjs';
import { provision } from '../servers/provision.mjs';
import { Application } from './application.mjs';

const KINDS = { 11: 'Nest 11, CommonJS', 12: 'Nest 12, ES modules' };

/** A row is what is tested, with what, and a function that rejects where it does not work. */
const row = (what, beside, run) => ({ what, beside, run });

/** Why a cell is not run. */
export class NotRun extends Error {}

/** Each group has a title and rows; its `prepare` gives what the rows share. */
export const groups = [
  {
    name: 'node',
    title: 'Node, Nest and its HTTP servers',
    columns: ['Node', 'application'],
    rows: ['20.19', 20, 22, 24, 26].flatMap((line) =>
      [11, 12].flatMap((nest) =>
        ['express', 'fastify'].map((adapter) =>
          row(`Node ${line}`, `${KINDS[nest]}, ${adapter}`, async (applications) => {
            const node = await found(() => nodeBinary(line));
            await applications[nest].check({ node, env: { ADAPTER: adapter } });
          }),
        ),
      ),
    ),
  },
  {
    name: 'managers',
    title: 'Package managers',
    columns: ['package manager', 'application'],
    rows: [
      ['npm', undefined],
      ['pnpm 10', ['npx', ['--yes', 'pnpm@10.34.8', 'install', '--prefer-offline', '--reporter=silent']]],
      [
        'yarn 1',
        ['npx', ['--yes', 'yarn@1.22.22', 'install', '--silent', '--no-lockfile', '--ignore-engines']],
      ],
    ].map(([what, install]) =>
      row(what, KINDS[12], async (applications, { tarball }) => {
        if (!install) return await applications[12].check();
        const application = await Application.create(12, { tarball, install });
        try {
          await application.check();
        } finally {
          await application.remove();
        }
      }),
    ),
  },
  {
    name: 'bundlers',
    title: 'Bundlers and compilers',
    columns: ['program', 'application'],
    rows: [11, 12].flatMap((nest) =>
      ['esbuild', 'webpack', 'SWC'].map((program) =>
        row(program, KINDS[nest], async (applications) => {
          const file = await BUNDLERS[program](applications[nest], nest);
          await applications[nest].check({ file });
        }),
      ),
    ),
  },
  {
    name: 'typescript',
    title: 'TypeScript',
    columns: ['TypeScript', '`module`, `moduleResolution`, application'],
    rows: ['5.8.3', '5.9.3', '6.0.3', '7.0.2'].flatMap((version) =>
      [11, 12].flatMap((nest) =>
        settingsOf(nest).map(([module, moduleResolution]) =>
          row(version, `${module}, ${moduleResolution}, ${KINDS[nest]}`, async (applications) => {
            const deprecated = version.startsWith('6') ? ['--ignoreDeprecations', '6.0'] : [];
            const tsc = join('node_modules', `typescript-${version}`, 'bin', 'tsc');
            const flags = ['--noEmit', '--module', module, '--moduleResolution', moduleResolution];
            await applications[nest].node([tsc, ...flags, ...deprecated]);
          }),
        ),
      ),
    ),
  },
  {
    name: 'servers',
    title: 'Servers',
    columns: ['server', 'application'],
    rows: [
      row('etcd 3.4.23', KINDS[12], async (applications) => await onEtcd('etcd34', applications[12])),
      row('etcd 3.5.16', KINDS[12], async (applications) => await onEtcd('etcd', applications[12])),
      row('etcd 3.5.30', KINDS[12], async (applications) => await onEtcd('etcdNewest', applications[12])),
      row('etcd 3.6', KINDS[12], () => notRun('Debian, where the servers come from, has no package of it')),
      row('Consul 1.8.7', KINDS[12], async (applications) => await onConsul(applications[12])),
      row('Consul after 1.8', KINDS[12], () =>
        notRun('Debian, where the servers come from, has no package of it'),
      ),
    ],
  },
];

/** TypeScript versions of the group, as packages by another name. */
export const COMPILERS = Object.fromEntries(
  ['5.8.3', '5.9.3', '6.0.3', '7.0.2'].map((version) => [
    `typescript-${version}`,
    `npm:typescript@${version}`,
  ]),
);

export const BUNDLER_PACKAGES = {
  '@swc/cli': '0.8.1',
  '@swc/core': '1.16.18',
  esbuild: '0.28.2',
  webpack: '5.113.0',
  'webpack-cli': '6.0.1',
};

function settingsOf(nest) {
  return nest === 11
    ? [
        ['node16', 'node16'],
        ['nodenext', 'nodenext'],
        ['commonjs', 'bundler'],
        ['commonjs', 'node10'],
      ]
    : [
        ['node16', 'node16'],
        ['nodenext', 'nodenext'],
        ['esnext', 'bundler'],
        ['esnext', 'node10'],
      ];
}

/** Left to run time: packages that Nest loads if they are there, and etcd3, whose files are not JavaScript. */
const EXTERNAL = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@fastify/static',
  '@fastify/view',
  'class-transformer',
  'etcd3',
];

/** Nest 12 imports files of the packages, such as `@nestjs/microservices/microservices-module.js`. */
const webpackExternals = `[({ request }, done) =>
  ${JSON.stringify(EXTERNAL)}.some((name) => request === name || request.startsWith(name + '/'))
    ? done(null, 'commonjs ' + request)
    : done()]`;

const BUNDLERS = {
  esbuild: async (application) => {
    const external = EXTERNAL.map((name) => `--external:${name}`);
    const file = 'bundled/esbuild.cjs';
    const flags = ['--bundle', '--platform=node', '--format=cjs', `--outfile=${file}`, ...external];
    await application.run(join(application.folder, 'node_modules', '.bin', 'esbuild'), [
      'dist/main.js',
      ...flags,
    ]);
    return file;
  },
  webpack: async (application) => {
    const config = {
      mode: 'development',
      devtool: false,
      target: 'node',
      entry: './dist/main.js',
      output: { path: join(application.folder, 'bundled'), filename: 'webpack.cjs' },
      performance: { hints: false },
    };
    await application.write(
      'webpack.config.cjs',
      `module.exports = { ...${JSON.stringify(config)}, externals: ${webpackExternals} };`,
    );
    await application.node([
      join('node_modules', 'webpack', 'bin', 'webpack.js'),
      '--config=webpack.config.cjs',
    ]);
    return 'bundled/webpack.cjs';
  },
  SWC: async (application, nest) => {
    const options = {
      module: { type: nest === 11 ? 'commonjs' : 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
    };
    await application.write('.swcrc', JSON.stringify(options));
    await application.run(join(application.folder, 'node_modules', '.bin', 'swc'), [
      'src/main.ts',
      '-o',
      'swc/main.js',
    ]);
    return 'swc/main.js';
  },
};

async function found(find) {
  try {
    return await find();
  } catch (error) {
    throw new NotRun(error.message.split('\n')[0], { cause: error });
  }
}

function notRun(reason) {
  return Promise.reject(new NotRun(reason));
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs the application while a server runs, which answers at `health`. */
async function withServer(program, args, health, use) {
  const server = spawn(program, args, { stdio: 'ignore' });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  try {
    const end = performance.now() + 30_000;
    while (
      !(await fetch(health).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (performance.now() > end) throw new Error(`${program} did not answer at ${health} within 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await use();
  } finally {
    server.kill('SIGTERM');
    await exited;
  }
}

async function onEtcd(name, application) {
  const { [name]: program } = await found(async () => await provision({ servers: [name] }));
  const [clients, peers] = [await freePort(), await freePort()];
  const data = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-compatibility-etcd-'));
  const [url, peer] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
  const args = [
    ...[`--data-dir=${data}`, `--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=default=${peer}`,
  ];
  try {
    await withServer(program, args, `${url}/health`, async () => {
      await application.check({ env: { SIDEKICK_REGISTRY: `etcd://127.0.0.1:${clients}` } });
    });
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function onConsul(application) {
  const { consul } = await found(async () => await provision({ servers: ['consul'] }));
  const [http, server, serf, wan] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const args = [
    ...['agent', '-dev', '-bind=127.0.0.1', '-client=127.0.0.1', `-http-port=${http}`],
    ...[`-server-port=${server}`, `-serf-lan-port=${serf}`, `-serf-wan-port=${wan}`],
    ...['-dns-port=-1', '-grpc-port=-1'],
  ];
  await withServer(consul, args, `http://127.0.0.1:${http}/v1/health/state/passing`, async () => {
    await application.check({ env: { SIDEKICK_REGISTRY: `consul://127.0.0.1:${http}` } });
  });
}
