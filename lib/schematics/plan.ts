import { posix } from 'node:path';
import { jsonObject } from './config-object.js';
import { addJestSettings, JEST_PACKAGES, SETUP_FILE, SETUP_TEXT } from './jest-settings.js';
import { JSON_STYLE, Literals } from './literals.js';
import { addShutdownHooks, findRootModules, type RootModule } from './main-file.js';
import { addModules } from './module-file.js';
import { applyEdits } from './text-edit.js';
import { type TypeScript } from './typescript.js';
import { addVitestSettings } from './vitest-settings.js';
import { type Workspace } from './workspace.js';

/** Options of `nest add nestjs-sidekick`. */
export interface NestAddOptions {
  /** Folder of the application's sources. @default 'src' */
  readonly sourceRoot?: string;
  /** Name of the service that the application registers. @default the name of the application */
  readonly service?: string;
}

/** A project of nest-cli.json. */
interface Project {
  readonly root?: string;
  readonly sourceRoot?: string;
}

const MODULES = ['SidekickModule', 'PilotedModule'] as const;

interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly jest?: object;
}

function normalized(folder: string): string {
  return posix.normalize(folder).replace(/\/$/, '');
}

/** Returns the folder of the application: `root` of its project in nest-cli.json, and the project's own without projects. */
function folderOf(workspace: Workspace, sourceRoot: string): string {
  const projects = projectsOf(workspace.read('nest-cli.json'));
  const project = projects?.find((each) => normalized(each.sourceRoot ?? 'src') === sourceRoot);
  if (typeof project?.root === 'string') return normalized(project.root);
  // `src` of an application, `apps/NAME/src` of one of several.
  return projects?.length === 0 ? '.' : posix.dirname(sourceRoot);
}

/** Returns the projects of nest-cli.json; undefined if it cannot be read. */
function projectsOf(text: string | undefined): readonly Project[] | undefined {
  try {
    return Object.values((JSON.parse(text ?? '') as { projects?: Record<string, Project> }).projects ?? {});
  } catch {
    return undefined;
  }
}

/** Sets an application up: its root module, main.ts and the settings of its tests. */
export function setUp(ts: TypeScript, workspace: Workspace, options: NestAddOptions): void {
  const sourceRoot = normalized(options.sourceRoot ?? 'src');
  const manifest = JSON.parse(workspace.read('package.json') ?? '{}') as Manifest;
  const application = folderOf(workspace, sourceRoot);
  const name = application === '.' ? manifest.name?.replace(/^@[^/]*\//, '') : posix.basename(application);
  const main = `${sourceRoot}/main.ts`;
  const mainText = workspace.read(main);
  const roots = mainText === undefined ? [] : findRootModules(ts, mainText);
  setUpModules(ts, workspace, sourceRoot, roots, options.service ?? name ?? 'app');
  if (mainText === undefined)
    workspace.notes.push(
      `${main} is not there: call app.enableShutdownHooks(['SIGTERM', 'SIGINT']) where the application is created.`,
    );
  else workspace.apply(main, addShutdownHooks(ts, workspace.read(main) ?? mainText));
  setUpTests(ts, workspace, application, manifest);
}

function setUpModules(
  ts: TypeScript,
  workspace: Workspace,
  sourceRoot: string,
  [root, ...others]: readonly RootModule[],
  service: string,
): void {
  const sources = workspace.find(sourceRoot, /\.ts$/).map((path) => workspace.read(path) ?? '');
  const wanted = MODULES.filter((module) => !sources.some((text) => text.includes(`${module}.forRoot`)));
  if (wanted.length === 0) return;
  for (const other of others)
    workspace.notes.push(
      `main.ts creates another application from ${other.className}: import ${wanted.join(' and ')} there too, with a service of its own, if it registers or calls services.`,
    );
  const { className, path } = root ?? { className: 'AppModule', path: './app.module' };
  const file =
    path === undefined
      ? `${sourceRoot}/main.ts`
      : `${posix.join(sourceRoot, path).replace(/\.[jt]s$/, '')}.ts`;
  const text = path === undefined || path.startsWith('.') ? workspace.read(file) : undefined;
  if (text === undefined)
    workspace.notes.push(
      `The file of ${className} was not found (looked for ${file}): import ${wanted.join(' and ')} there.`,
    );
  else workspace.apply(file, addModules(ts, text, className, service, wanted));
}

function setUpTests(ts: TypeScript, workspace: Workspace, application: string, manifest: Manifest): void {
  const folders = [...new Set(['.', application])];
  const inFolders = (name: RegExp): string[] =>
    folders.flatMap((folder) =>
      workspace.find(folder, name).filter((path) => posix.dirname(path) === posix.normalize(folder)),
    );
  const vitest = inFolders(/^vitest\.config.*\.[cm]?[jt]s$/);
  for (const path of vitest) workspace.apply(path, addVitestSettings(ts, path, workspace.read(path) ?? ''));
  const jest = [
    ...(manifest.jest ? ['package.json'] : []),
    ...inFolders(/^jest\.config\.([cm]?[jt]s|json)$/),
    ...workspace
      .find(posix.join(application, 'test'), /^jest-.*\.json$/)
      .filter((path) => posix.basename(posix.dirname(path)) === 'test'),
  ];
  if (jest.length > 0) setUpJest(ts, workspace, application, jest, manifest.type !== 'module');
  else if (vitest.length === 0)
    workspace.notes.push(
      'No configuration of Jest or Vitest was found: set SIDEKICK_REGISTRY=memory: in the environment of the tests.',
    );
}

function setUpJest(
  ts: TypeScript,
  workspace: Workspace,
  application: string,
  paths: readonly string[],
  commonjs: boolean,
): void {
  const setupFile = posix.join(application, SETUP_FILE);
  if (!workspace.has(setupFile)) workspace.write(setupFile, SETUP_TEXT);
  for (const path of paths)
    workspace.apply(
      path,
      addJestSettings(ts, { path, text: workspace.read(path) ?? '', setupFile, commonjs }),
    );
  if (commonjs) addDevelopmentPackages(ts, workspace, JEST_PACKAGES);
}

/** Adds packages that package.json does not name. */
function addDevelopmentPackages(
  ts: TypeScript,
  workspace: Workspace,
  packages: Readonly<Record<string, string>>,
): void {
  for (const [name, version] of Object.entries(packages)) {
    const text = workspace.read('package.json');
    const manifest = text === undefined ? undefined : jsonObject(ts, 'package.json', text);
    if (text === undefined || !manifest) return;
    const literals = new Literals(ts, text, JSON_STYLE);
    const groups = ['dependencies', 'devDependencies'].map((group) => literals.member(manifest, group));
    const objects = groups.filter((group) => group !== undefined && ts.isObjectLiteralExpression(group));
    if (objects.some((group) => literals.has(group, name))) continue;
    const [, development] = groups;
    const edit =
      development && ts.isObjectLiteralExpression(development)
        ? literals.addMember(development, name, version, 'sorted')
        : literals.addMember(manifest, 'devDependencies', { [name]: version });
    workspace.write('package.json', applyEdits(text, [edit]));
  }
}
