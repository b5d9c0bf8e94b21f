import { posix } from 'node:path';
import type ts from 'typescript';
import { exportedObject, jsonObject } from './config-object.js';
import { JSON_STYLE, Literals, print, styleOf, type Literal, type LiteralStyle } from './literals.js';
import { type Outcome, unchanged } from './outcome.js';
import { applyEdits, type TextEdit } from './text-edit.js';
import { type TypeScript } from './typescript.js';

/** A file that Jest runs before the tests of each file. */
export const SETUP_FILE = 'test/sidekick.setup.ts';

export const SETUP_TEXT = `// Tests register in memory, so that they do not meet applications that are running.
process.env.SIDEKICK_REGISTRY = 'memory:';
`;

/** Packages with which Jest compiles ES modules for CommonJS. */
export const JEST_PACKAGES = { '@swc/core': '^1.16.18', '@swc/jest': '^0.2.39' };

/** Node below 24.9 cannot load ES modules in Jest by `require()`, so Jest compiles them. */
const COMPILED = '/node_modules/.+\\.js$';
const COMPILER: Literal = ['@swc/jest', { module: { type: 'commonjs' } }];
const NOT_COMPILED = '/node_modules/(?!(\\.pnpm|nestjs-sidekick|@nestjs)/)';

export interface JestFile {
  /** From the folder of the project, such as `test/jest-e2e.json`. */
  readonly path: string;
  readonly text: string;
  /** Folder of {@link SETUP_FILE} from the folder of the project. */
  readonly setupFile: string;
  /** Whether the application consists of CommonJS modules. */
  readonly commonjs: boolean;
}

/** What a configuration of Jest lacks. */
interface JestChange {
  readonly edits: TextEdit[];
  /** Members that are added to the configuration itself. */
  readonly members: [name: string, value: Literal][];
  readonly notes: string[];
}

/** Adds the registry of tests, and for CommonJS the compilation of ES modules, to a configuration of Jest. */
export function addJestSettings(ts: TypeScript, { path, text, setupFile, commonjs }: JestFile): Outcome {
  const json = path.endsWith('.json');
  const style = json ? JSON_STYLE : styleOf(text);
  const literals = new Literals(ts, text, style);
  const settings = json
    ? ofJson(ts, path, text, literals)
    : exportedObject(ts, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), literals);
  if (!settings)
    return unchanged(text, `${path} exports no object literal: add the settings of README.md, "Testing".`);
  const rootDir = literals.member(settings, 'rootDir');
  const root = rootDir && ts.isStringLiteralLike(rootDir) ? rootDir.text : '.';
  const folder = posix.join(posix.dirname(path), root);
  const change: JestChange = { edits: [], members: [], notes: [] };
  if (commonjs) compile(ts, settings, literals, style, path, change);
  setUp(ts, settings, literals, style, `<rootDir>/${posix.relative(folder, setupFile)}`, path, change);
  const { edits, members, notes } = change;
  return { text: applyEdits(text, [...edits, ...literals.addMembers(settings, members)]), notes };
}

/** The object of a JSON file, in package.json its member `jest`. */
function ofJson(
  ts: TypeScript,
  path: string,
  text: string,
  literals: Literals,
): ts.ObjectLiteralExpression | undefined {
  const object = jsonObject(ts, path, text);
  if (!object || posix.basename(path) !== 'package.json') return object;
  const jest = literals.member(object, 'jest');
  return jest && ts.isObjectLiteralExpression(jest) ? jest : undefined;
}

function compile(
  ts: TypeScript,
  settings: ts.ObjectLiteralExpression,
  literals: Literals,
  style: LiteralStyle,
  path: string,
  { edits, members, notes }: JestChange,
): void {
  if (literals.has(settings, 'transformIgnorePatterns')) {
    const patterns = literals.member(settings, 'transformIgnorePatterns');
    if (patterns?.getText().includes('nestjs-sidekick') !== true)
      notes.push(
        `${path} has transformIgnorePatterns: use ${print([NOT_COMPILED], style)} for nestjs-sidekick.`,
      );
    return;
  }
  const transform = literals.member(settings, 'transform');
  if (transform && ts.isObjectLiteralExpression(transform))
    edits.push(literals.addMember(transform, COMPILED, COMPILER, 'first'));
  else if (literals.has(settings, 'transform')) {
    const entry = print({ [COMPILED]: COMPILER }, style);
    notes.push(`The transform of ${path} is no object literal: add ${entry} in front.`);
  } else {
    const rest = literals.has(settings, 'preset') ? {} : { '\\.[jt]sx?$': 'babel-jest' };
    members.push(['transform', { [COMPILED]: COMPILER, ...rest }]);
  }
  members.push(['transformIgnorePatterns', [NOT_COMPILED]]);
}

function setUp(
  ts: TypeScript,
  settings: ts.ObjectLiteralExpression,
  literals: Literals,
  style: LiteralStyle,
  file: string,
  path: string,
  { edits, members, notes }: JestChange,
): void {
  const files = literals.member(settings, 'setupFiles');
  if (files?.getText().includes(posix.basename(file)) === true) return;
  if (files && ts.isArrayLiteralExpression(files)) {
    edits.push(literals.addElements(files, [print(file, style)]));
  } else if (literals.has(settings, 'setupFiles')) {
    notes.push(`The setupFiles of ${path} are no array literal: add ${print(file, style)}.`);
  } else members.push(['setupFiles', [file]]);
}
