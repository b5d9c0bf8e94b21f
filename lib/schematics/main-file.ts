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
  const listen = calls.find((call) => call.expression.getText().endsWith('.listen'));
  const statement = listen && statementOf(ts, listen);
  if (!statement || !ts.isPropertyAccessExpression(listen.expression))
    return unchanged(
      text,
      `main.ts has no app.listen(): call app.enableShutdownHooks(${list}) where the application is created.`,
    );
  const start = statement.getStart();
  const gap = lineBreakOf(text) + indentationAt(text, start);
  const end = statement.getText().endsWith(';') ? ';' : '';
  const call = `${listen.expression.expression.getText()}.enableShutdownHooks(${list})${end}`;
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

function statementOf(ts: TypeScript, node: ts.Node): ts.Statement | undefined {
  for (let parent = node.parent; !ts.isSourceFile(parent); parent = parent.parent)
    if (ts.isExpressionStatement(parent) || ts.isVariableStatement(parent)) return parent;
  return undefined;
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
