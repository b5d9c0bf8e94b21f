/**
 * Four projects: `unit` runs in memory beside its sources, `real` runs against the servers the harness starts,
 * `product` runs what is built (the sample, and the package in other applications), and `chaos` plays faults on
 * clusters. `npm test` runs `chaos` after the others, since it measures seconds under fault.
 */
const common = {
  testEnvironment: '<rootDir>/test/harness/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
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

export default {
  maxWorkers: 2,
  // For machines that are busy. Jest heeds it here only, not in a project.
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/lib/**/*.spec.ts', '<rootDir>/test/{unit,harness,chaos,fuzz}/**/*.spec.ts'],
    },
    {
      ...common,
      displayName: 'real',
      globalSetup: '<rootDir>/test/harness/global-setup.mjs',
      testMatch: ['<rootDir>/test/real/**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/real/(sample|packaging)/', '<rootDir>/test/real/chaos\\.spec'],
    },
    {
      ...common,
      displayName: 'product',
      globalSetup: '<rootDir>/test/harness/global-setup.mjs',
      testMatch: ['<rootDir>/test/real/{sample,packaging}/**/*.spec.ts'],
    },
    {
      ...common,
      displayName: 'chaos',
      globalSetup: '<rootDir>/test/harness/global-setup.mjs',
      testMatch: ['<rootDir>/test/real/chaos.spec.ts'],
    },
  ],
  collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*.spec.ts'],
};
