import { TEMPLATE_LIMITS } from '../limits.js';
import { runeAt, toText } from '../values/bytes.js';
import { isUnicodeSpace } from '../values/unicode.js';
import { Lexer } from './lexer.js';
import { unquote } from './literal.js';
import { type BranchNode, type Node, type PipeNode } from './node.js';
import { PipelineParser, type Scope } from './pipeline-parser.js';
import { type Token } from './token.js';
import { TokenStream } from './token-stream.js';

/** The parsed templates by name. The name of the outermost one is `''`. */
export type Templates = ReadonlyMap<string, readonly Node[]>;

type BlockEnd = 'end' | 'else' | 'eof';

/** Whether a body contains only white space. Another definition may replace such a body. */
function isBlank(nodes: readonly Node[]): boolean {
  return nodes.every((node) => {
    if (node.kind !== 'text') return false;
    for (let at = 0; at < node.text.length;) {
      const { code, size } = runeAt(node.text, at);
      if (!isUnicodeSpace(code)) return false;
      at += size;
    }
    return true;
  });
}

class Parser {
  private readonly tokens: TokenStream;
  private readonly pipelines: PipelineParser;
  private readonly templates = new Map<string, readonly Node[]>();
  private scope: Scope = { variables: ['$'], ranges: 0 };
  private depth = 0;

  constructor(text: string, isFunction: (name: string) => boolean) {
    this.tokens = new TokenStream(new Lexer(text));
    this.pipelines = new PipelineParser(this.tokens, isFunction);
  }

  parse(): Templates {
    const nodes: Node[] = [];
    const ended = this.list(nodes, true);
    if (ended !== 'eof') this.tokens.fail(`Unexpected {{${ended}}}: no block is open here.`);
    this.define('', nodes, 0);
    return this.templates;
  }

  /** Parses nodes up to the {{end}} or {{else}} of their block. Only the outermost list may define templates. */
  private list(nodes: Node[], outermost = false): BlockEnd {
    for (;;) {
      const token = this.tokens.next();
      switch (token.type) {
        case 'eof':
          return 'eof';
        case 'text':
          nodes.push({ kind: 'text', pos: token.pos, text: token.text });
          break;
        case '{{': {
          const node = this.action(outermost);
          if (typeof node === 'string') return node;
          if (node) nodes.push(node);
          break;
        }
        default:
          this.tokens.unexpected(token, 'the text');
      }
    }
  }

  private action(outermost: boolean): Node | 'end' | 'else' | undefined {
    const token = this.tokens.nextNonSpace();
    switch (token.type) {
      case 'define':
        if (!outermost)
          this.tokens.fail(
            'Unexpected {{define}} in a block: templates must be defined outside of all blocks.',
          );
        this.definition();
        return undefined;
      case 'block':
        return this.block();
      case 'break':
      case 'continue':
        this.tokens.expect('}}', `{{${token.type}}}`);
        if (this.scope.ranges === 0)
          this.tokens.fail(`Unexpected {{${token.type}}}: it is not in a {{range}}.`, token.pos);
        return { kind: token.type, pos: token.pos };
      case 'end':
        this.tokens.expect('}}', '{{end}}');
        return 'end';
      case 'else':
        if (this.tokens.peekNonSpace().type !== 'if') this.tokens.expect('}}', '{{else}}');
        return 'else';
      case 'if':
      case 'with':
      case 'range':
        return this.branch(token.type);
      case 'template':
        return this.template();
      default: {
        this.tokens.back(token);
        const { pos } = this.tokens.peek();
        return { kind: 'action', pos, pipe: this.pipelines.pipeline(this.scope, 'an action', '}}') };
      }
    }
  }

  private branch(kind: BranchNode['kind']): BranchNode {
    return this.deeper(() => {
      const { scope } = this;
      const known = scope.variables.length;
      const pipe = this.pipelines.pipeline(scope, `{{${kind}}}`, '}}', kind === 'range');
      const body: Node[] = [];
      if (kind === 'range') scope.ranges += 1;
      const ended = this.list(body);
      if (kind === 'range') scope.ranges -= 1;
      const otherwise = ended === 'else' ? this.otherwise(kind) : undefined;
      if (ended === 'eof') this.unclosed(kind, pipe);
      scope.variables.length = known;
      return { kind, pos: pipe.pos, pipe, body, otherwise };
    });
  }

  private otherwise(kind: BranchNode['kind']): readonly Node[] {
    const next = this.tokens.peek();
    if (next.type === 'if') {
      // {{else if}} is an {{if}} of its own within the {{else}}, and both share one {{end}}.
      if (kind !== 'if') this.tokens.fail(`Unexpected {{else if}} in a {{${kind}}}.`, next.pos);
      this.tokens.next();
      return [this.branch('if')];
    }
    const nodes: Node[] = [];
    const ended = this.list(nodes);
    if (ended === 'else') this.tokens.fail(`Unexpected second {{else}} in a {{${kind}}}.`);
    if (ended === 'eof') this.tokens.fail(`Unexpected end of the template: a {{${kind}}} has no {{end}}.`);
    return nodes;
  }

  private definition(): void {
    const token = this.tokens.nextNonSpace();
    const name = this.name(token, '{{define}}');
    this.tokens.expect('}}', '{{define}}');
    this.define(name, this.body('define'), token.pos);
  }

  private block(): Node {
    const token = this.tokens.nextNonSpace();
    const name = this.name(token, '{{block}}');
    const pipe = this.pipelines.pipeline(this.scope, '{{block}}', '}}');
    this.define(name, this.body('block'), token.pos);
    return { kind: 'template', pos: token.pos, name, pipe };
  }

  /** Parses the body of a named template. Variables and ranges outside of it are not in scope. */
  private body(kind: 'define' | 'block'): readonly Node[] {
    return this.deeper(() => {
      const outside = this.scope;
      this.scope = { variables: ['$'], ranges: 0 };
      const nodes: Node[] = [];
      const ended = this.list(nodes);
      if (ended === 'else') this.tokens.fail(`Unexpected {{else}} in a {{${kind}}}.`);
      if (ended === 'eof') this.tokens.fail(`Unexpected end of the template: a {{${kind}}} has no {{end}}.`);
      this.scope = outside;
      return nodes;
    });
  }

  private template(): Node {
    const token = this.tokens.nextNonSpace();
    const name = this.name(token, '{{template}}');
    const next = this.tokens.nextNonSpace();
    if (next.type === '}}') return { kind: 'template', pos: token.pos, name, pipe: undefined };
    this.tokens.back(next);
    return {
      kind: 'template',
      pos: token.pos,
      name,
      pipe: this.pipelines.pipeline(this.scope, '{{template}}', '}}'),
    };
  }

  private name(token: Token, where: string): string {
    if (token.type !== 'string' && token.type !== 'raw string')
      this.tokens.unexpected(token, `${where}, whose name must be a quoted string`);
    const name = unquote(token.text);
    return name ?? this.tokens.fail(`Invalid escape in the name ${toText(token.text)}.`, token.pos);
  }

  private define(name: string, nodes: readonly Node[], pos: number): void {
    const existing = this.templates.get(name);
    if (existing && !isBlank(existing)) {
      if (!isBlank(nodes))
        this.tokens.fail(`Template ${JSON.stringify(toText(name))} is defined twice.`, pos);
      return;
    }
    this.templates.set(name, nodes);
  }

  private unclosed(kind: string, pipe: PipeNode): never {
    this.tokens.fail(`Unexpected end of the template: the {{${kind}}} opened here has no {{end}}.`, pipe.pos);
  }

  private deeper<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > TEMPLATE_LIMITS.depth)
      this.tokens.fail(`Expected at most ${TEMPLATE_LIMITS.depth} nested blocks.`);
    const result = parse();
    this.depth -= 1;
    return result;
  }
}

/**
 * Parses a template, given as bytes.
 *
 * @param isFunction Whether a function with the name exists.
 * @throws TemplateFailure at the first syntax error
 */
export function parseTemplate(text: string, isFunction: (name: string) => boolean): Templates {
  return new Parser(text, isFunction).parse();
}
