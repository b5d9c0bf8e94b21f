/** Reads the members of option interfaces from their sources, by syntax alone. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = new Map();

function sourceOf(path) {
  if (!sources.has(path)) {
    const text = readFileSync(join(root, path), 'utf8');
    sources.set(path, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  }
  return sources.get(path);
}

/** The file that a file imports `name` from. */
function origin(source, name) {
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    if (!bindings.elements.some((element) => element.name.text === name)) continue;
    const { text } = statement.moduleSpecifier;
    return text.startsWith('.') ? join(dirname(source.fileName), text).replace(/\.js$/, '.ts') : undefined;
  }
  return undefined;
}

/** The text of a comment on one line, with links as code. */
function textOf(comment) {
  const text = typeof comment === 'string' ? comment : ts.getTextOfJSDocComment(comment);
  return (text ?? '')
    .replaceAll(/\{@link ([^}\s]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * @typedef {object} OptionMember
 * @property {string} name
 * @property {boolean} required
 * @property {string} meaning the first part of its TSDoc
 * @property {string | undefined} byDefault its `@default`
 */

/** @returns {OptionMember} */
function memberOf(node) {
  const [doc] = node.jsDoc ?? [];
  const tag = doc?.tags?.find(({ tagName }) => tagName.text === 'default');
  return {
    name: node.name.getText(),
    required: node.questionToken === undefined,
    meaning: textOf(doc?.comment),
    byDefault: tag && textOf(tag.comment),
  };
}

/** The members of a type that is written as a name: those of the declaration, here or where it is imported from. */
function membersOfName(source, name) {
  const path = origin(source, name);
  if (path !== undefined) return readOptions(path, name);
  return declares(source, name) ? readOptions(source.fileName, name) : [];
}

const declares = (source, name) =>
  source.statements.some(
    (node) => (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && node.name.text === name,
  );

/** The names in `Omit<Type, 'a' | 'b'>`. */
const literals = (node) => [...node.getText().matchAll(/'([^']*)'/g)].map(([, name]) => name);

function membersOfType(source, node) {
  if (ts.isTypeLiteralNode(node)) return node.members.filter(ts.isPropertySignature).map(memberOf);
  if (ts.isIntersectionTypeNode(node)) return node.types.flatMap((part) => membersOfType(source, part));
  const name = (node.typeName ?? node.expression)?.getText();
  const [inner, names] = node.typeArguments ?? [];
  if (name === 'Omit' && inner && names)
    return membersOfType(source, inner).filter((member) => !literals(names).includes(member.name));
  if (name === 'Pick' && inner && names)
    return membersOfType(source, inner).filter((member) => literals(names).includes(member.name));
  return name === undefined ? [] : membersOfName(source, name);
}

/**
 * The members of an interface or type of options, its own before those that it inherits. Types of other packages have none.
 *
 * @param {string} path file of the repository
 * @param {string} name
 * @returns {OptionMember[]}
 */
export function readOptions(path, name) {
  const source = sourceOf(path);
  for (const node of source.statements) {
    if (node.name?.text !== name) continue;
    if (ts.isTypeAliasDeclaration(node)) return membersOfType(source, node.type);
    if (!ts.isInterfaceDeclaration(node)) continue;
    const own = node.members.filter(ts.isPropertySignature).map(memberOf);
    const parents = (node.heritageClauses ?? []).flatMap(({ types }) => types);
    const inherited = parents.flatMap((parent) => membersOfType(source, parent));
    const names = new Set(own.map((member) => member.name));
    return [...own, ...inherited.filter((member) => !names.has(member.name))];
  }
  throw new Error(
    `Expected ${path} to declare the options ${name}, found no interface or type of that name.`,
  );
}
