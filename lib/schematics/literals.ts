import type ts from 'typescript';
import { indentationAt, lineBreakOf, type TextEdit } from './text-edit.js';
import { type TypeScript } from './typescript.js';

/** A value that can be written as a literal. */
export type Literal = string | readonly Literal[] | { readonly [name: string]: Literal };

/** How literals are written: `json` has quoted names, double quotes and no trailing commas. */
export interface LiteralStyle {
  readonly json: boolean;
  readonly quote: '"' | "'";
}

export const JSON_STYLE: LiteralStyle = { json: true, quote: '"' };

/** Returns the style of a source file: the quotes of its first string. */
export function styleOf(text: string): LiteralStyle {
  return { json: false, quote: /['"]/.exec(text)?.[0] === '"' ? '"' : "'" };
}

/** Returns the source of a value, on one line. */
export function print(value: Literal, style: LiteralStyle): string {
  if (typeof value === 'string') return quoted(value, style.quote);
  if (isArray(value)) return `[${value.map((item) => print(item, style)).join(', ')}]`;
  const members = Object.entries(value).map(([name, item]) => printMember(name, item, style));
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** Line width of Prettier by default. */
const WIDTH = 80;

/**
 * Returns the source of one member of an object.
 *
 * @param gap line break and indentation in front of it. With them, an array that is too long for one line is broken.
 */
export function printMember(name: string, value: Literal, style: LiteralStyle, gap = ''): string {
  const bare = !style.json && /^[A-Za-z_$][\w$]*$/.test(name);
  const start = `${bare ? name : quoted(name, style.quote)}: `;
  const line = start + print(value, style);
  const indentation = gap.replace(/^\r?\n/, '').length;
  if (gap === '' || !isArray(value) || indentation + line.length < WIDTH) return line;
  const items = value.map((item) => `${gap}  ${print(item, style)}`);
  return `${start}[${items.join(',')}${style.json ? '' : ','}${gap}]`;
}

function quoted(text: string, quote: '"' | "'"): string {
  const json = JSON.stringify(text);
  return quote === '"' ? json : `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function isArray(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

/** Reads and changes the object literals of one file. */
export class Literals {
  constructor(
    private readonly ts: TypeScript,
    private readonly text: string,
    private readonly style: LiteralStyle,
  ) {}

  /** Returns the value of a member, without `as` and `satisfies`. */
  member(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
    const found = object.properties.find(
      (property) => property.name !== undefined && this.nameOf(property.name) === name,
    );
    return found && this.ts.isPropertyAssignment(found) ? this.unwrap(found.initializer) : undefined;
  }

  /** Whether the object has a member of that name, whatever its form, or a spread that may have it. */
  has(object: ts.ObjectLiteralExpression, name: string): boolean {
    return object.properties.some(
      (property) => this.ts.isSpreadAssignment(property) || this.nameOf(property.name) === name,
    );
  }

  /** Adds a member: in front of the others, behind them, or in front of the first one whose name is greater. */
  addMember(
    object: ts.ObjectLiteralExpression,
    name: string,
    value: Literal,
    place: 'first' | 'last' | 'sorted' = 'last',
  ): TextEdit {
    const names = object.properties.map((property) => property.name && this.nameOf(property.name));
    const greater = names.findIndex((other) => other !== undefined && other > name);
    const index = { first: 0, last: names.length, sorted: greater < 0 ? names.length : greater }[place];
    const separator = this.separator(object.properties);
    const gap = separator.includes('\n') ? separator : '';
    return this.insert(object, object.properties, printMember(name, value, this.style, gap), index);
  }

  /** Adds members behind the others. */
  addMembers(
    object: ts.ObjectLiteralExpression,
    members: readonly (readonly [name: string, value: Literal])[],
  ): TextEdit[] {
    if (members.length === 0 || object.properties.length > 0)
      return members.map(([name, value]) => this.addMember(object, name, value));
    // The content of an empty object is replaced, which can be done once.
    const entry = members.map(([name, value]) => printMember(name, value, this.style)).join(', ');
    return [this.insert(object, object.properties, entry)];
  }

  /** Adds elements to an array, each on a line of its own unless the array is JSON on one line. */
  addElements(array: ts.ArrayLiteralExpression, elements: readonly string[]): TextEdit {
    const source = this.text.slice(array.getStart(), array.getEnd());
    if (this.style.json || source.includes('\n'))
      return this.insert(array, array.elements, elements.join(`,${this.separator(array.elements)}`));
    const outer = indentationAt(this.text, array.getStart());
    // With a comment in front of the element.
    const all = [...array.elements.map((element) => element.getFullText().trim()), ...elements];
    const eol = lineBreakOf(this.text);
    const lines = all.map((element) => `${outer}  ${element},${eol}`).join('');
    return { start: array.getStart(), end: array.getEnd(), text: `[${eol}${lines}${outer}]` };
  }

  /** Removes parentheses, `as` and `satisfies`. */
  unwrap(expression: ts.Expression): ts.Expression {
    let inner = expression;
    while (
      this.ts.isParenthesizedExpression(inner) ||
      this.ts.isAsExpression(inner) ||
      this.ts.isSatisfiesExpression(inner)
    )
      inner = inner.expression;
    return inner;
  }

  private nameOf(name: ts.PropertyName): string | undefined {
    return this.ts.isIdentifier(name) || this.ts.isStringLiteralLike(name) ? name.text : undefined;
  }

  private insert(
    parent: ts.Node,
    items: ts.NodeArray<ts.Node>,
    entry: string,
    index: number = items.length,
  ): TextEdit {
    if (items.length === 0) {
      const space = this.ts.isArrayLiteralExpression(parent) ? '' : ' ';
      const [start, end] = [parent.getStart() + 1, parent.getEnd() - 1];
      // Only white space is replaced, so that comments stay.
      return this.text.slice(start, end).trim() === ''
        ? { start, end, text: `${space}${entry}${space}` }
        : at(start, `${space}${entry}`);
    }
    const separator = this.separator(items);
    const previous = items[index - 1];
    if (previous) return at(previous.getEnd(), `,${separator}${entry}`);
    // In front of a comment that belongs to the first item.
    return separator.includes('\n')
      ? at(parent.getStart() + 1, `${separator}${entry},`)
      : at(items[0]?.getStart() ?? 0, `${entry},${separator}`);
  }

  /** The white space between two items. */
  private separator(items: ts.NodeArray<ts.Node>): string {
    const first = items[0];
    if (first === undefined) return ' ';
    const before = this.text.slice(first.getFullStart(), first.getStart());
    return before.includes('\n') ? lineBreakOf(this.text) + indentationAt(this.text, first.getStart()) : ' ';
  }
}

function at(position: number, text: string): TextEdit {
  return { start: position, end: position, text };
}
