import { TEMPLATE_LIMITS } from '../limits.js';
import { toText } from '../values/bytes.js';
import { unquote, unquoteChar } from './literal.js';
import { type CommandNode, type Operand, type PipeNode } from './node.js';
import { charNumber, parseNumber } from './number.js';
import { type Token } from './token.js';
import { describe, type TokenStream } from './token-stream.js';

/** The scope of an action. */
export interface Scope {
  /** Names of the declared variables, `$` first. */
  readonly variables: string[];
  /** Number of enclosing {{range}} blocks. */
  ranges: number;
}

const LITERALS: ReadonlySet<Operand['kind']> = new Set(['bool', 'dot', 'nil', 'number', 'string']);
const OPERANDS: ReadonlySet<Token['type']> = new Set([
  'bool',
  'char constant',
  'complex',
  '.',
  'field',
  'identifier',
  'number',
  'nil',
  'raw string',
  'string',
  'variable',
  '(',
]);

/** Parses the content of actions. */
export class PipelineParser {
  private depth = 0;

  constructor(
    private readonly tokens: TokenStream,
    private readonly isFunction: (name: string) => boolean,
  ) {}

  /**
   * Parses a pipeline and its `end` token.
   *
   * @param twoVariables Whether it may declare two variables, as in {{range}}.
   * @throws TemplateFailure at a syntax error
   */
  pipeline(scope: Scope, where: string, end: '}}' | ')', twoVariables = false): PipeNode {
    const pipe: PipeNode = {
      kind: 'pipe',
      pos: this.tokens.peekNonSpace().pos,
      variables: [],
      assigns: false,
      commands: [],
    };
    this.declarations(pipe, scope, where, twoVariables);
    for (;;) {
      const token = this.tokens.nextNonSpace();
      if (token.type === end) break;
      if (!OPERANDS.has(token.type)) this.tokens.unexpected(token, where);
      this.tokens.back(token);
      pipe.commands.push(this.command(scope));
    }
    if (pipe.commands.length === 0) this.tokens.fail(`Missing value in ${where}.`);
    const literal = pipe.commands.find(({ args }, i) => i > 0 && args[0] && LITERALS.has(args[0].kind));
    if (literal) this.tokens.fail('Expected a function after "|", got a value.', literal.pos);
    return pipe;
  }

  /** Parses `$x :=`, `$x =`, and for ranges `$i, $x :=`. */
  private declarations(pipe: PipeNode, scope: Scope, where: string, twoVariables: boolean): void {
    while (this.tokens.peekNonSpace().type === 'variable') {
      const variable = this.tokens.next();
      const spaces: Token[] = [];
      while (this.tokens.peek().type === 'space') spaces.push(this.tokens.next());
      const next = this.tokens.peek();
      const comma = next.type === 'character' && next.text === ',';
      if (!comma && next.type !== ':=' && next.type !== '=') {
        this.tokens.back(variable, ...spaces);
        return;
      }
      this.tokens.next();
      pipe.variables.push(variable.text);
      scope.variables.push(variable.text);
      if (scope.variables.length > TEMPLATE_LIMITS.variables)
        this.tokens.fail(`Expected at most ${TEMPLATE_LIMITS.variables} variables.`);
      if (!comma) {
        pipe.assigns = next.type === '=';
        return;
      }
      if (!twoVariables || pipe.variables.length > 1)
        this.tokens.fail(`Too many variables in ${where}.`, next.pos);
      const second = this.tokens.peekNonSpace();
      if (!['variable', '}}', ')'].includes(second.type))
        this.tokens.fail(`Expected a second variable, got ${describe(second)}.`);
    }
  }

  /** Parses operands up to `|`, which is consumed, or up to the end of the pipeline, which is not. */
  private command(scope: Scope): CommandNode {
    const command: CommandNode = { pos: this.tokens.peekNonSpace().pos, args: [] };
    for (;;) {
      this.tokens.peekNonSpace();
      const operand = this.operand(scope);
      if (operand) command.args.push(operand);
      const token = this.tokens.next();
      if (token.type === 'space') continue;
      if (token.type === '|') break;
      if (token.type !== '}}' && token.type !== ')') this.tokens.unexpected(token, 'an operand');
      this.tokens.back(token);
      break;
    }
    if (command.args.length === 0) this.tokens.fail('Missing command.');
    return command;
  }

  /** Parses a term and its fields. Returns undefined if there is no term. */
  private operand(scope: Scope): Operand | undefined {
    const term = this.term(scope);
    const first = this.tokens.peek();
    if (!term || first.type !== 'field') return term;
    const path: string[] = [];
    while (this.tokens.peek().type === 'field') path.push(this.tokens.next().text.slice(1));
    if (term.kind === 'field') return { ...term, pos: first.pos, path: [...term.path, ...path] };
    if (term.kind === 'variable') return { ...term, pos: first.pos, path: [...term.path, ...path] };
    if (LITERALS.has(term.kind)) this.tokens.fail('Unexpected field of a literal value.', first.pos);
    return { kind: 'chain', pos: first.pos, of: term, path };
  }

  private term(scope: Scope): Operand | undefined {
    const token = this.tokens.nextNonSpace();
    const { pos } = token;
    switch (token.type) {
      case 'identifier':
        if (!this.isFunction(token.text))
          this.tokens.fail(`Function ${describe(token)} does not exist.`, pos);
        return { kind: 'identifier', pos, name: token.text };
      case '.':
        return { kind: 'dot', pos };
      case 'nil':
        return { kind: 'nil', pos };
      case 'variable':
        if (!scope.variables.includes(token.text))
          this.tokens.fail(`Variable ${describe(token)} is not declared.`, pos);
        return { kind: 'variable', pos, name: token.text, path: [] };
      case 'field':
        return { kind: 'field', pos, path: [token.text.slice(1)] };
      case 'bool':
        return { kind: 'bool', pos, value: token.text === 'true' };
      case 'string':
      case 'raw string':
        return {
          kind: 'string',
          pos,
          value: unquote(token.text) ?? this.tokens.fail(`Invalid escape in ${toText(token.text)}.`, pos),
        };
      case 'char constant':
      case 'number':
      case 'complex':
        return this.number(token);
      case '(':
        return this.parenthesised(scope);
      default:
        this.tokens.back(token);
        return undefined;
    }
  }

  private number(token: Token): Operand {
    const { pos, text } = token;
    if (token.type === 'char constant') {
      const code = unquoteChar(text) ?? this.tokens.fail(`Expected one character in ${toText(text)}.`, pos);
      return { kind: 'number', pos, literal: charNumber(text, code) };
    }
    const literal = parseNumber(text);
    return typeof literal === 'string'
      ? this.tokens.fail(`${literal}.`, pos)
      : { kind: 'number', pos, literal };
  }

  private parenthesised(scope: Scope): PipeNode {
    this.depth += 1;
    if (this.depth > TEMPLATE_LIMITS.depth)
      this.tokens.fail(`Expected at most ${TEMPLATE_LIMITS.depth} nested parentheses.`);
    const pipe = this.pipeline(scope, 'parentheses', ')');
    this.depth -= 1;
    return pipe;
  }
}
