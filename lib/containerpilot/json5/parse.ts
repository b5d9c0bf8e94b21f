import { type JsonNode, type Member, type Remark } from './node.js';
import { Scanner } from './scanner.js';

/** Maximum nesting of arrays and objects. */
const MAX_DEPTH = 32;

/** A parsed document. */
export interface Json5Document {
  readonly root: JsonNode;
  /** Warnings about accepted deviations from JSON5 and about likely mistakes. */
  readonly remarks: readonly Remark[];
}

class Parser {
  readonly remarks: Remark[] = [];

  constructor(private readonly scanner: Scanner) {}

  document(): JsonNode {
    const { scanner } = this;
    scanner.skip();
    const root = this.value(0);
    scanner.skip();
    if (scanner.char !== '') scanner.fail(`Expected the end of the file, got ${scanner.found()}.`);
    return root;
  }

  private value(depth: number): JsonNode {
    const { scanner } = this;
    const start = scanner.pos;
    if (depth >= MAX_DEPTH && (scanner.char === '{' || scanner.char === '['))
      scanner.fail(`Expected at most ${MAX_DEPTH} nested arrays and objects.`);
    switch (scanner.char) {
      case '{':
        return this.object(start, depth);
      case '[':
        return this.array(start, depth);
      case '"':
      case "'": {
        const value = scanner.string();
        return { kind: 'string', value, start, end: scanner.pos };
      }
    }
    const number = scanner.number();
    if (number !== undefined) return { kind: 'number', value: number, start, end: scanner.pos };
    return this.word(start);
  }

  private word(start: number): JsonNode {
    const { scanner } = this;
    const found = scanner.found();
    const word = scanner.name();
    const end = scanner.pos;
    if (word === 'null') return { kind: 'null', start, end };
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true', start, end };
    return scanner.fail(
      word === undefined ? `Expected a value, got ${found}.` : 'Expected a value; a string needs quotes.',
      start,
    );
  }

  private array(start: number, depth: number): JsonNode {
    const items: JsonNode[] = [];
    this.sequence(']', 'an array', () => {
      items.push(this.value(depth + 1));
    });
    return { kind: 'array', items, start, end: this.scanner.pos };
  }

  private object(start: number, depth: number): JsonNode {
    const members = new Map<string, Member>();
    this.sequence('}', 'an object', () => {
      const member = this.member(depth);
      if (members.has(member.name))
        this.remark(member.start, `Duplicate name "${member.name}"; the last value is used.`);
      members.set(member.name, member);
    });
    return { kind: 'object', members, start, end: this.scanner.pos };
  }

  private member(depth: number): Member {
    const { scanner } = this;
    const start = scanner.pos;
    const quoted = scanner.char === '"' || scanner.char === "'";
    const name = quoted ? scanner.string() : scanner.name();
    if (name === undefined) return scanner.fail(`Expected a name or "}", got ${scanner.found()}.`);
    scanner.skip();
    if (scanner.char !== ':') scanner.fail(`Expected ":" after the name, got ${scanner.found()}.`);
    scanner.pos += 1;
    scanner.skip();
    return { name, start, value: this.value(depth + 1) };
  }

  /** Parses items between brackets. The comma between two items may be missing if they are on separate lines. */
  private sequence(close: string, what: string, item: () => void): void {
    const { scanner } = this;
    const start = scanner.pos;
    scanner.pos += 1;
    scanner.skip();
    while (scanner.char !== close) {
      if (scanner.char === '')
        scanner.fail(`Expected "${close}" to end ${what}, got the end of the file.`, start);
      item();
      const end = scanner.pos;
      const newLine = scanner.skip();
      if (scanner.char === ',') {
        scanner.pos += 1;
        scanner.skip();
      } else if (scanner.char !== close) {
        if (scanner.char === '') continue;
        if (!newLine) scanner.fail(`Expected "," or "${close}" in ${what}, got ${scanner.found()}.`);
        this.remark(end, 'a comma is missing at the end of this line.');
      }
    }
    scanner.pos += 1;
  }

  private remark(offset: number, text: string): void {
    this.remarks.push({ offset, text });
  }
}

/**
 * Parses JSON5. As an extension, the comma between two members or elements on separate lines may be missing:
 * ContainerPilot's example files need it.
 *
 * @throws Json5Failure at the first syntax error
 */
export function parseJson5(text: string): Json5Document {
  const parser = new Parser(new Scanner(text));
  return { root: parser.document(), remarks: parser.remarks };
}
