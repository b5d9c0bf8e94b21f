import { type ConfigDocument } from './config-document.js';
import { type JsonNode, type Member } from './json5/node.js';
import { similarName } from '../common/similar-name.js';

/**
 * A value of a configuration and its path. The methods convert as loosely as ContainerPilot does: `"80"` is a port, and a
 * string is an array of one string. If a value cannot be converted they add a problem to the document and return
 * undefined.
 */
export class Cursor {
  constructor(
    private readonly document: ConfigDocument,
    readonly node: JsonNode,
    readonly path: string,
    private readonly secret = false,
  ) {}

  /** Adds a problem at this value. */
  problem(reason: string): undefined {
    this.document.problem(this.node.start, () => reason, this.path);
    return undefined;
  }

  /** Adds the problem «Expected `watches[0].interval` to be …, got …». */
  expected(what: string): undefined {
    const { document, node, path, secret } = this;
    document.problem(
      node.start,
      () => `Expected \`${path}\` to be ${what}, got ${document.describe(node, secret)}.`,
      path,
    );
    return undefined;
  }

  /** Adds a warning at this value. */
  warn(text: string): void {
    this.document.warn(this.node.start, () => text);
  }

  /** Converts to a string. Numbers are formatted; true is `"1"` and false `"0"`. */
  string(what = 'a string'): string | undefined {
    const { node } = this;
    if (node.kind === 'string') return node.value;
    if (node.kind === 'number' && Number.isFinite(node.value)) return String(node.value);
    if (node.kind === 'boolean') return node.value ? '1' : '0';
    return this.expected(what);
  }

  /** Converts to an integer from `min` to `max`. Accepts digits in quotes. The fraction of a number is dropped. */
  integer(min: number, max: number, what: string): number | undefined {
    const { node } = this;
    let value = NaN;
    if (node.kind === 'number') value = Math.trunc(node.value);
    if (node.kind === 'string' && /^[-+]?\d{1,15}$/.test(node.value.trim())) value = Number(node.value);
    return value >= min && value <= max ? value : this.expected(what);
  }

  /** Converts to a boolean. Accepts numbers and the strings `1`, `t`, `true`, `0`, `f`, `false` in any case. */
  boolean(): boolean | undefined {
    const { node } = this;
    if (node.kind === 'boolean') return node.value;
    if (node.kind === 'number') return node.value !== 0;
    if (node.kind === 'string') {
      if (['1', 't', 'true'].includes(node.value.toLowerCase())) return true;
      if (['', '0', 'f', 'false'].includes(node.value.toLowerCase())) return false;
    }
    return this.expected('true or false');
  }

  /** Converts to an array of strings. A single string becomes an array of one. */
  strings(what = 'an array of strings'): readonly string[] | undefined {
    const { node } = this;
    if (node.kind === 'object') return this.expected(what);
    if (node.kind !== 'array') {
      const single = this.string(what);
      return single === undefined ? undefined : [single];
    }
    const strings = this.items().map((item) => item.string());
    return strings.includes(undefined) ? undefined : (strings as string[]);
  }

  /** The elements of an array, without nulls. */
  list(what: string): readonly Cursor[] | undefined {
    return this.node.kind === 'array' ? this.items() : this.expected(what);
  }

  private items(): Cursor[] {
    const items = this.node.kind === 'array' ? this.node.items : [];
    return items
      .map((item, i) => new Cursor(this.document, item, `${this.path}[${i}]`, this.secret))
      .filter(({ node }) => node.kind !== 'null');
  }

  /** The members of an object. Members that are not in `known` are ignored with a warning. */
  members(known: readonly string[], what = 'an object'): Members | undefined {
    if (this.node.kind !== 'object') return this.expected(what);
    const members = new Members(this.document, this.node.members, this.path);
    for (const { name, start } of members.unknown(known)) {
      const path = this.path === '' ? name : `${this.path}.${name}`;
      this.document.warn(start, () => `Unknown name \`${path}\` is ignored.${similarName(name, known)}`);
    }
    return members;
  }
}

const SECRET = /token|key|password|secret/i;

/** The members of an object by name. */
export class Members {
  constructor(
    private readonly document: ConfigDocument,
    private readonly byName: ReadonlyMap<string, Member>,
    private readonly path: string,
  ) {}

  /** The member, or undefined if it is missing or null. Names match in any case; an exact match is preferred. */
  get(name: string): Cursor | undefined {
    const lower = name.toLowerCase();
    const member =
      this.byName.get(name) ?? [...this.byName.values()].find((other) => other.name.toLowerCase() === lower);
    if (!member || member.value.kind === 'null') return undefined;
    const path = this.path === '' ? name : `${this.path}.${name}`;
    return new Cursor(this.document, member.value, path, SECRET.test(name));
  }

  /** The members with other names than `known`. */
  unknown(known: readonly string[]): Member[] {
    const names = new Set(known.map((name) => name.toLowerCase()));
    return [...this.byName.values()].filter(({ name }) => !names.has(name.toLowerCase()));
  }
}
