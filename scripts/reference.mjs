/**
 * `npm run docs:api`: writes the API reference as HTML to `.cache/reference`, and fails on a warning, such as a link in a
 * docstring to a name that does not exist. With `--check` it writes nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, LogLevel } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, version, exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const out = join(root, '.cache', 'reference');

/** The source of each entry in `exports` of package.json. */
const entryPoints = Object.values(entries).flatMap(({ types }) =>
  types === undefined ? [] : [types.replace(/^\.\/dist\//, 'lib/').replace(/\.d\.ts$/, '.ts')],
);

const application = await Application.bootstrap({
  name: `${name} ${version}`,
  entryPoints: entryPoints.map((path) => join(root, path)),
  tsconfig: join(root, 'tsconfig.build.json'),
  basePath: join(root, 'lib'),
  readme: 'none',
  disableSources: true,
  disableGit: true,
  excludeInternal: true,
  excludePrivate: true,
  // `npm run types` reports them.
  skipErrorChecking: true,
  // Constructors that Nest calls name types that no application needs.
  validation: {
    notExported: false,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: true,
  },
  requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Method', 'Accessor'],
  // Of Nest's ConfigurableModuleBuilder.
  intentionallyNotDocumented: [
    'nestjs-sidekick/etcd.EtcdModule.forRootAsync',
    'nestjs-sidekick/http.ServiceHttpModule.forRootAsync',
  ],
  logLevel: LogLevel.Warn,
});
// Without the tag TypeDoc takes the comment of an entry for that of its first export, which would then need none of its own.
for (const path of entryPoints) {
  const [comment] = /^\/\*\*.*?\*\//s.exec(readFileSync(join(root, path), 'utf8')) ?? [];
  if (comment !== undefined && !comment.includes('@packageDocumentation'))
    application.logger.error(`Expected the first comment of ${path} to have the tag @packageDocumentation.`);
}
const project = await application.convert();
if (project) {
  for (const module of project.children ?? []) {
    const subpath = module.name.replace(/^registries\//, '');
    module.name = subpath === 'index' ? name : `${name}/${subpath}`;
  }
  application.validate(project);
  if (!process.argv.includes('--check')) await application.generateDocs(project, out);
}
if (!project || application.logger.hasErrors() || application.logger.hasWarnings()) process.exitCode = 1;
