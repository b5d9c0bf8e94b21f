import type ts from 'typescript';
import { print, styleOf } from './literals.js';
import { type Outcome, unchanged } from './outcome.js';
import { applyEdits, indentationAt, lineBreakOf, type TextEdit } from './text-edit.js';
import { type TypeScript } from './typescript.js';

/** Without SIGHUP, on which PilotedModule refreshes its lists. */
const SIGNALS = ['SIGTERM', 'SIGINT'];

/** The class from which the application is created, and the path that it is imported from. */
export interface RootModule {
  readonly className: string;
  /** Undefined if main.ts declares the class itself. */
  readonly path: string | undefined;
}

/** An application that main.ts creates. */
interface Application {
  /** Its variable; undefined if it is none, as in a chain of calls. */
  readonly name: string | undefined;
  /** Where the variable is known. */
  readonly scope: ts.Node;
}

/** Finds the first arguments of `NestFactory.create(…)` and its siblings, each class once. */
export function findRootModules(ts: TypeScript, text: string): readonly RootModule[] {
  const source = ts.createSourceFile('main.ts', text, ts.ScriptTarget.Latest, true);
  const names = callsOf(ts, source)
    .filter(isCreation)
    .flatMap(({ arguments: [argument] }) => (argument && ts.isIdentifier(argument) ? [argument.text] : []));
  return [...new Set(names)].map((className) => ({ className, path: importPath(ts, source, className) }));
}

/** Adds `enableShutdownHooks` with a list of signals in front of the `listen()` of each application. */
export function addShutdownHooks(ts: TypeScript, text: string): Outcome {
  const source = ts.createSourceFile('main.ts', text, ts.ScriptTarget.Latest, true);
  const applications = applicationsOf(ts, callsOf(ts, source));
  const [only = { name: undefined, scope: source }, ...others] = applications;
  // One application may have another name where it listens, such as the parameter of a function.
  const steps =
    others.length === 0
      ? [hooksOf(ts, text, { ...only, scope: source }, true)]
      : applications.map((application) => hooksOf(ts, text, application, false));
  const edits = steps.flatMap((step) => step.edits);
  return unchanged(applyEdits(text, edits), ...new Set(steps.flatMap((step) => step.notes)));
}

/** What is done for one application. */
interface Step {
  readonly edits: readonly TextEdit[];
  readonly notes: readonly string[];
}

/** @param isOnly whether all hooks of the file are those of this application */
function hooksOf(ts: TypeScript, text: string, { name, scope }: Application, isOnly: boolean): Step {
  const list = print(SIGNALS, styleOf(text));
  const calls = callsOf(ts, scope);
  const hooks = calls.find(({ expression }) =>
    isOnly
      ? expression.getText().endsWith('.enableShutdownHooks')
      : name !== undefined && expression.getText() === `${name}.enableShutdownHooks`,
  );
  if (hooks) {
    const [argument] = hooks.arguments;
    if (!argument) return { edits: [insertion(hooks.getEnd() - 1, list)], notes: [] };
    const note = 'main.ts ends the application on SIGHUP, on which PilotedModule refreshes its lists.';
    return { edits: [], notes: argument.getText().includes('SIGHUP') ? [note] : [] };
  }
  const listening = isOnly || name !== undefined ? findListen(ts, calls, name) : undefined;
  if (!listening) {
    const application = (isOnly ? undefined : name) ?? 'app';
    const where = isOnly || name !== undefined ? 'the application' : 'each application';
    const note = `main.ts has no ${application}.listen() in a statement of its own: call ${application}.enableShutdownHooks(${list}) where ${where} is created.`;
    return { edits: [], notes: [note] };
  }
  const { application, statement } = listening;
  const start = statement.getStart();
  const gap = lineBreakOf(text) + indentationAt(text, start);
  const end = /;[ \t]*$/m.test(text) ? ';' : '';
  const call = `${application}.enableShutdownHooks(${list})${end}`;
  const comment = '// Deregisters before the server closes. PilotedModule refreshes its lists on SIGHUP.';
  return { edits: [insertion(start, `${comment}${gap}${call}${gap}`)], notes: [] };
}

function insertion(position: number, text: string): TextEdit {
  return { start: position, end: position, text };
}

function isCreation({ expression }: ts.CallExpression): boolean {
  return /^NestFactory\.create\w*$/.test(expression.getText());
}

function callsOf(ts: TypeScript, scope: ts.Node): ts.CallExpression[] {
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) calls.push(node);
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return calls;
}

/** Returns the applications of all `NestFactory.create(…)`; two that are assigned to one variable are one. */
function applicationsOf(ts: TypeScript, calls: readonly ts.CallExpression[]): readonly Application[] {
  const applications: Application[] = [];
  for (const call of calls.filter(isCreation)) {
    const application = { name: variableOf(ts, call), scope: scopeOf(ts, call) };
    const isKnown = applications.some(
      ({ name, scope }) => name !== undefined && name === application.name && scope === application.scope,
    );
    if (!isKnown) applications.push(application);
  }
  return applications;
}

/** Returns the block of a declaration, and the function of an assignment: its variable is declared outside its block. */
function scopeOf(ts: TypeScript, creation: ts.Node): ts.Node {
  let isDeclared = false;
  let node = creation.parent;
  for (; !ts.isSourceFile(node) && !ts.isFunctionLike(node); node = node.parent) {
    isDeclared ||= ts.isVariableDeclaration(node);
    if (isDeclared && ts.isBlock(node)) break;
  }
  return node;
}

/**
 * Finds the statement that lets the application listen, and the expression of the application in it.
 *
 * @param name the variable of the application; undefined: any
 */
function findListen(
  ts: TypeScript,
  calls: readonly ts.CallExpression[],
  name: string | undefined,
): { readonly application: string; readonly statement: ts.Statement } | undefined {
  for (const call of calls) {
    const { expression } = call;
    if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'listen') continue;
    if (expression.questionDotToken) continue;
    const application = expression.expression;
    // Any other server may listen too, such as the result of createServer().
    const isApplication =
      name !== undefined
        ? application.getText() === name
        : ts.isIdentifier(application) || ts.isPropertyAccessExpression(application);
    const statement = isApplication ? statementOf(ts, call) : undefined;
    if (statement) return { application: application.getText(), statement };
  }
  return undefined;
}

/** Returns the variable that an expression is the value of. */
function variableOf(ts: TypeScript, expression: ts.Node): string | undefined {
  let node = expression.parent;
  for (; !ts.isStatement(node) && !ts.isFunctionLike(node); node = node.parent) {
    if (ts.isVariableDeclaration(node)) return node.name.getText();
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
      return node.left.getText();
  }
  return undefined;
}

/** Returns the statement of an expression that another one can be put in front of, in the same function. */
function statementOf(ts: TypeScript, expression: ts.Node): ts.Statement | undefined {
  let node = expression;
  while (!ts.isStatement(node)) {
    if (ts.isFunctionLike(node)) return undefined;
    node = node.parent;
  }
  // Without braces, a statement in front of this one would take its place.
  while (ts.isIfStatement(node.parent)) node = node.parent;
  const { parent } = node;
  return ts.isBlock(parent) || ts.isSourceFile(parent) || ts.isCaseOrDefaultClause(parent)
    ? (node as ts.Statement)
    : undefined;
}

function importPath(ts: TypeScript, source: ts.SourceFile, name: string): string | undefined {
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings && ts.isNamedImports(bindings) && bindings.elements.some((item) => item.name.text === name))
      return statement.moduleSpecifier.text;
  }
  return undefined;
}
