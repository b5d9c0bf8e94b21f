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

/** Finds the first argument of `NestFactory.create(…)` and its siblings. */
export function findRootModule(ts: TypeScript, text: string): RootModule | undefined {
  const source = ts.createSourceFile('main.ts', text, ts.ScriptTarget.Latest, true);
  for (const call of callsOf(ts, source)) {
    const [argument] = call.arguments;
    if (
      !call.expression.getText().startsWith('NestFactory.create') ||
      !argument ||
      !ts.isIdentifier(argument)
    )
      continue;
    return { className: argument.text, path: importPath(ts, source, argument.text) };
  }
  return undefined;
}

/** Adds `enableShutdownHooks` with a list of signals in front of `app.listen()`. */
export function addShutdownHooks(ts: TypeScript, text: string): Outcome {
  const source = ts.createSourceFile('main.ts', text, ts.ScriptTarget.Latest, true);
  const list = print(SIGNALS, styleOf(text));
  const calls = callsOf(ts, source);
  const hooks = calls.find((call) => call.expression.getText().endsWith('.enableShutdownHooks'));
  if (hooks) {
    const [argument] = hooks.arguments;
    if (!argument) return unchanged(applyEdits(text, [insertion(hooks.getEnd() - 1, list)]));
    return argument.getText().includes('SIGHUP')
      ? unchanged(text, 'main.ts ends the application on SIGHUP, on which PilotedModule refreshes its lists.')
      : unchanged(text);
  }
  const listening = findListen(ts, calls);
  if (!listening)
    return unchanged(
      text,
      `main.ts has no app.listen() in a statement of its own: call app.enableShutdownHooks(${list}) where the application is created.`,
    );
  const { application, statement } = listening;
  const start = statement.getStart();
  const gap = lineBreakOf(text) + indentationAt(text, start);
  const end = /;[ \t]*$/m.test(text) ? ';' : '';
  const call = `${application}.enableShutdownHooks(${list})${end}`;
  const comment = '// Deregisters before the server closes. PilotedModule refreshes its lists on SIGHUP.';
  return unchanged(applyEdits(text, [insertion(start, `${comment}${gap}${call}${gap}`)]));
}

function insertion(position: number, text: string): TextEdit {
  return { start: position, end: position, text };
}

function callsOf(ts: TypeScript, source: ts.SourceFile): ts.CallExpression[] {
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) calls.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

/** Finds the statement that lets the application listen, and the expression of the application in it. */
function findListen(
  ts: TypeScript,
  calls: readonly ts.CallExpression[],
): { readonly application: string; readonly statement: ts.Statement } | undefined {
  const applications = new Set(
    calls
      .filter((call) => call.expression.getText().startsWith('NestFactory.create'))
      .map((call) => variableOf(ts, call)),
  );
  applications.delete(undefined);
  for (const call of calls) {
    const { expression } = call;
    if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'listen') continue;
    if (expression.questionDotToken) continue;
    const application = expression.expression;
    // Any other server may listen too, such as the result of createServer().
    const isApplication =
      applications.size > 0
        ? applications.has(application.getText())
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
