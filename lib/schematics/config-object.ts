import type ts from 'typescript';
import { type Literals } from './literals.js';
import { type TypeScript } from './typescript.js';

/**
 * Finds the object that a configuration file exports: `export default { … }`, `module.exports = { … }`, a constant that is
 * exported, or the argument of a function such as `defineConfig({ … })`.
 */
export function exportedObject(
  ts: TypeScript,
  source: ts.SourceFile,
  literals: Literals,
): ts.ObjectLiteralExpression | undefined {
  const resolve = (expression: ts.Expression): ts.ObjectLiteralExpression | undefined => {
    const inner = literals.unwrap(expression);
    if (ts.isObjectLiteralExpression(inner)) return inner;
    if (ts.isCallExpression(inner)) return inner.arguments[0] && resolve(inner.arguments[0]);
    if (!ts.isIdentifier(inner)) return undefined;
    const initializer = constant(ts, source, inner.text);
    return initializer && resolve(initializer);
  };
  for (const statement of source.statements) {
    if (ts.isExportAssignment(statement)) return resolve(statement.expression);
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) continue;
    const { left, right } = statement.expression;
    if (left.getText() === 'module.exports') return resolve(right);
  }
  return undefined;
}

/** Returns the object of a JSON file. */
export function jsonObject(
  ts: TypeScript,
  path: string,
  text: string,
): ts.ObjectLiteralExpression | undefined {
  // parseJsonText() does not set the parents, which getText() needs.
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JSON);
  const [statement] = source.statements;
  const expression = statement && ts.isExpressionStatement(statement) ? statement.expression : undefined;
  return expression && ts.isObjectLiteralExpression(expression) ? expression : undefined;
}

function constant(ts: TypeScript, source: ts.SourceFile, name: string): ts.Expression | undefined {
  return source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .find((declaration) => declaration.name.getText() === name)?.initializer;
}
