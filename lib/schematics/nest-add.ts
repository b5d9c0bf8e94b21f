import type { Rule, SchematicContext, TaskConfigurationGenerator, Tree } from '@angular-devkit/schematics';
import { type NestAddOptions, setUp } from './plan.js';
import { changedLines } from './text-edit.js';
import { loadTypeScript } from './typescript.js';
import { type Change, type Files, Workspace } from './workspace.js';

/**
 * The schematic of `nest add nestjs-sidekick`. Prints each line that it changes; with `--dry-run` it prints them only. Run
 * again, it changes nothing.
 */
export function nestAdd(options: NestAddOptions = {}): Rule {
  return (tree, context) => {
    const workspace = new Workspace(filesOf(tree));
    setUp(loadTypeScript(process.cwd(), process.argv[1]), workspace, options);
    const { changes, notes } = workspace;
    for (const { path, before, after } of changes) {
      if (before === undefined) tree.create(path, after);
      else tree.overwrite(path, after);
    }
    report(context, changes, notes);
    if (changes.some(({ path }) => path === 'package.json')) context.addTask(INSTALL);
  };
}

/** Installs the packages of package.json, by the package manager of the project; not in a dry run. */
const INSTALL: TaskConfigurationGenerator<object> = {
  toConfiguration: () => ({ name: 'node-package', options: { command: 'install', quiet: true } }),
};

function report({ logger }: SchematicContext, changes: readonly Change[], notes: readonly string[]): void {
  for (const { path, before, after } of changes) {
    logger.info(`\n${path}`);
    for (const line of changedLines(before ?? '', after)) logger.info(`  ${line}`);
  }
  for (const note of notes) logger.warn(`Left to do by hand: ${note}`);
  if (changes.length === 0 && notes.length === 0) logger.info('nestjs-sidekick is set up already.');
  else logger.info('\nThe registry is a folder of this machine until SIDEKICK_REGISTRY names another one.\n');
}

function filesOf(tree: Tree): Files {
  return {
    read: (path) => tree.read(path)?.toString('utf8'),
    list: (folder) => {
      const paths: string[] = [];
      const visit = (dir: ReturnType<Tree['getDir']>): void => {
        for (const name of dir.subfiles) paths.push(`${dir.path}/${name}`.replace(/^\/+/, ''));
        for (const name of dir.subdirs) if (!/^(node_modules|dist|\.git)$/.test(name)) visit(dir.dir(name));
      };
      visit(tree.getDir(folder));
      return paths;
    },
  };
}
