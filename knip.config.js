/** `npm run knip`: files, exports and dependencies that nothing uses. */
export default {
  entry: [
    'lib/index.ts',
    // The public entries of package.json, which name the built files.
    'lib/*/index.ts',
    'lib/registries/*/index.ts',
    'lib/cli/bin/*.ts',
    'lib/schematics/nest-add.ts',
    'lib/dashboard/page/main.ts',
    'lib/**/*.spec.ts',
    // Scripts of the samples, and the processes that they start.
    'sample/*/run.ts',
    'sample/*/{,*/,apps/*/}main.ts',
    'sample/common/{keeper,launched}.ts',
    'sample/04-containerpilot/stock.ts',
    'sample/07-rolling-deploy/{caller,shop}.ts',
    'sample/10-own-driver/contract.ts',
    // Programs: of npm, of Jest, and those that others start as processes.
    'scripts/*.mjs',
    'scripts/prepare/*.mjs',
    'test/**/*.spec.ts',
    'test/{bench,chaos,fuzz}/*.ts',
    'test/bench/rows/{boot-app.mjs,keys-process.ts}',
    'test/harness/packages/{**/*.cjs,bundle.mjs}',
    'test/harness/fixtures/**/*.{ts,mjs}',
  ],
  project: ['{lib,sample,scripts,test}/**/*.{ts,mjs,cjs,mts}'],
  // Types of a script for the specs that import it.
  ignore: ['scripts/**/*.d.mts'],
  ignoreDependencies: [
    // Jest, the Nest CLI, and knip itself bring them along.
    'yaml',
    '@jest/globals',
    '@angular-devkit/schematics',
    '@nestjs/schematics',
    // Started by their paths: TypeScript 7 by scripts/types.mjs, Oxlint by scripts/lint.mjs, which starts tsgolint.
    'typescript-native',
    'oxlint',
    'oxlint-tsgolint',
    // Until calling, metrics, health, the dashboard and the documentation site use them.
    '@sparticuz/chromium',
    'axe-core',
    'undici',
  ],
  // Of util-linux.
  ignoreBinaries: ['script'],
  // Exported for a spec or an entry of the same folder; types are exported with the functions that use them.
  ignoreExportsUsedInFile: true,
};
