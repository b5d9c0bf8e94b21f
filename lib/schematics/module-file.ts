import type ts from 'typescript';
import { Literals, print, styleOf } from './literals.js';
import { type Outcome, unchanged } from './outcome.js';
import { applyEdits, lineBreakOf, type TextEdit } from './text-edit.js';
import { type TypeScript } from './typescript.js';

const PACKAGE = 'nestjs-sidekick';

/**
 * Adds the modules to the `imports` of a module's decorator, and their import from the package.
 *
 * @param className of the module
 * @param service name of the service that the application registers
 * @param wanted the modules that the application does not import yet
 */
export function addModules(
  ts: TypeScript,
  text: string,
  className: string,
  service: string,
  wanted: readonly ('SidekickModule' | 'PilotedModule')[],
): Outcome {
  const source = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
  const style = styleOf(text);
  const literals = new Literals(ts, text, style);
  const calls = {
    SidekickModule: `SidekickModule.forRoot(${print({ service: { name: service } }, style)})`,
    PilotedModule: 'PilotedModule.forRoot()',
  };
  const elements = wanted.map((name) => calls[name]);
  const byHand = `add ${elements.join(' and ')} to the imports of ${className}`;
  const metadata = decoratorOf(ts, source, className);
  if (!metadata) return unchanged(text, `${className} has no @Module({ … }): ${byHand}.`);
  const edits: TextEdit[] = [];
  const imports = literals.member(metadata, 'imports');
  if (imports && ts.isArrayLiteralExpression(imports)) edits.push(literals.addElements(imports, elements));
  else if (literals.has(metadata, 'imports'))
    return unchanged(text, `The imports of ${className} are no array literal: ${byHand}.`);
  else edits.push(newImports(text, metadata, elements));
  edits.push(importOf(ts, source, text, style.quote, wanted));
  return unchanged(applyEdits(text, edits));
}

function decoratorOf(
  ts: TypeScript,
  source: ts.SourceFile,
  className: string,
): ts.ObjectLiteralExpression | undefined {
  const declaration = source.statements
    .filter((statement) => ts.isClassDeclaration(statement))
    .find(({ name }) => name?.text === className);
  for (const { expression } of (declaration && ts.getDecorators(declaration)) ?? []) {
    if (!ts.isCallExpression(expression) || expression.expression.getText() !== 'Module') continue;
    const [metadata] = expression.arguments;
    if (metadata && ts.isObjectLiteralExpression(metadata)) return metadata;
  }
  return undefined;
}

function newImports(
  text: string,
  metadata: ts.ObjectLiteralExpression,
  elements: readonly string[],
): TextEdit {
  const eol = lineBreakOf(text);
  const lines = elements.map((element) => `    ${element},${eol}`).join('');
  const start = metadata.getStart() + 1;
  const rest = metadata.properties.length === 0 ? eol : text.slice(start).startsWith(eol) ? '' : `${eol} `;
  const end = metadata.properties.length === 0 ? metadata.getEnd() - 1 : start;
  return { start, end, text: `${eol}  imports: [${eol}${lines}  ],${rest}` };
}

/** Adds names to the import from the package, or the import itself behind those of other packages. */
function importOf(
  ts: TypeScript,
  source: ts.SourceFile,
  text: string,
  quote: string,
  names: readonly string[],
): TextEdit {
  const declarations = source.statements.filter((statement) => ts.isImportDeclaration(statement));
  const from = ({ moduleSpecifier }: ts.ImportDeclaration): string =>
    ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
  const own = declarations.find(
    (declaration) => from(declaration) === PACKAGE && !/^import\s+type\b/.test(declaration.getText()),
  );
  const bindings = own?.importClause?.namedBindings;
  const existing = bindings && ts.isNamedImports(bindings) ? bindings.elements : undefined;
  const last = existing?.at(-1);
  if (existing && last) {
    const present = new Set(existing.map(({ name }) => name.text));
    const missing = [...names].sort().filter((name) => !present.has(name));
    return {
      start: last.getEnd(),
      end: last.getEnd(),
      text: missing.map((name) => `, ${name}`).join(''),
    };
  }
  const eol = lineBreakOf(text);
  const end = declarations[0]?.getText().endsWith(';') === false ? '' : ';';
  const line = `import { ${[...names].sort().join(', ')} } from ${quote}${PACKAGE}${quote}${end}`;
  const behind = declarations.filter((declaration) => !from(declaration).startsWith('.')).at(-1);
  if (behind) return { start: behind.getEnd(), end: behind.getEnd(), text: `${eol}${line}` };
  const start = source.statements[0]?.getStart() ?? 0;
  return { start, end: start, text: `${line}${eol}` };
}
