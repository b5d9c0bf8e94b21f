import { availableParallelism } from 'node:os';
import { bundledPackages } from './test/harness/packages/packages.mjs';

/**
 * Six projects. `unit` runs in memory, `fuzz` feeds generated input, `real` runs against the servers that the harness
 * starts, and `product` runs what is built: the sample, and the package in other applications. `alone` measures time, so
 * `npm test` runs it last, without other specs beside it. `long` takes minutes by nature: `npm run test:long` runs it.
 * Fault scenarios are no specs: `npm run chaos`.
 */
const ALONE = ['consul/many-watches', 'etcd/closing', 'etcd/partition'].map(
  (name) => `<rootDir>/test/real/${name}.spec.ts`,
);

/** Specs of the project `unit` that the project `long` plays again with more random runs: `runs` of test/harness/in-memory/runs.ts. */
const MORE_RUNS = [
  'lib/balancing/strategies/two-choices',
  'lib/balancing/subset',
  'lib/election/election-model',
  'lib/election/worker/worker-elections',
  'lib/piloted/service-handle',
  'lib/registration/histories',
  'lib/registration/local-registrar',
  'test/unit/never-gives-up',
].map((name) => `<rootDir>/${name}.spec.ts`);

/** Specs that install the package into applications of other kinds than the one of `product`. */
const OTHER_APPLICATIONS = [
  'bundled-application',
  'nest-11-commonjs',
  'nest-add-commonjs',
  'nest-add-esm',
].map((name) => `<rootDir>/test/real/packaging/${name}.spec.ts`);

const common = {
  testEnvironment: '<rootDir>/test/harness/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // One file each instead of 550: Jest loads every file anew for every spec file.
    '^rxjs(/operators)?$': '<rootDir>/test/harness/packages/rxjs$1.cjs',
    ...bundledPackages(),
    '^class-validator$': '<rootDir>/node_modules/class-validator/bundles/class-validator.umd.min.js',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/sample/dist'],
};

/** What the projects have that need servers and the build. */
const servers = {
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
};

export default {
  // One more than processors, since some specs wait.
  maxWorkers: availableParallelism() + 1,
  // Ends what hangs, and measures nothing: long enough for any spec on a busy machine. Jest heeds it here only, not in a project.
  testTimeout: 180_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/lib/**/*.spec.ts', '<rootDir>/test/{unit,chaos}/**/*.spec.ts'],
    },
    {
      ...common,
      displayName: 'fuzz',
      testMatch: ['<rootDir>/test/fuzz/**/*.spec.ts'],
    },
    {
      ...common,
      displayName: 'real',
      ...servers,
      testMatch: ['<rootDir>/test/real/**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/real/(sample|packaging)/', ...ALONE],
    },
    {
      ...common,
      displayName: 'alone',
      ...servers,
      testMatch: ALONE,
    },
    {
      ...common,
      displayName: 'product',
      ...servers,
      testMatch: ['<rootDir>/test/real/{sample,packaging}/**/*.spec.ts'],
      testPathIgnorePatterns: OTHER_APPLICATIONS,
    },
    {
      ...common,
      displayName: 'long',
      ...servers,
      globals: { LONG_RUNS: true },
      testMatch: [...MORE_RUNS, ...OTHER_APPLICATIONS],
    },
  ],
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*.spec.ts'],
};
