import { CallFailure, TemplateFailure } from '../failure.js';
import { FUNCTIONS, SHORT_CIRCUIT } from '../functions/index.js';
import { type Context, type Parameter } from '../functions/function.js';
import { type CommandNode, type Operand, type PipeNode } from '../syntax/node.js';
import { idealValue } from '../syntax/number.js';
import { toText } from '../values/bytes.js';
import { Environment, isTrue, List, typeName, type Value } from '../values/value.js';
import { type Variables } from './variables.js';

const NAMES: Readonly<Record<Parameter, string>> = { string: 'string', strings: '[]string', any: 'value' };

/** The result of the previous command of a pipeline, which is the last argument of the next one. */
type Final = { readonly value: Value } | undefined;

/** Evaluates the pipelines of one template. */
export class Evaluator {
  constructor(
    private readonly variables: Variables,
    private readonly context: Context,
  ) {}

  /**
   * Evaluates a pipeline and assigns the value to its variables.
   *
   * @throws TemplateFailure with the position of the failed node
   */
  pipeline(dot: Value, pipe: PipeNode): Value {
    this.guard(pipe.pos, () => this.context.budget.step());
    let final: Final;
    for (const command of pipe.commands) final = { value: this.command(dot, command, final) };
    const value = final?.value ?? null;
    for (const name of pipe.variables) {
      if (!pipe.assigns) this.variables.declare(name, value);
      else if (!this.variables.assign(name, value))
        this.fail(`Variable "${toText(name)}" is not declared.`, pipe.pos);
    }
    return value;
  }

  private command(dot: Value, { args, pos }: CommandNode, final: Final): Value {
    const [first, ...rest] = args;
    if (!first) return null;
    if (first.kind === 'identifier') return this.call(dot, first.name, first.pos, pos, rest, final);
    const given = rest.length > 0 || final !== undefined;
    const at = first.pos;
    switch (first.kind) {
      case 'field':
        return this.fields(dot, first.path, at, given);
      case 'chain':
        return this.fields(this.argument(dot, 'any', first.of), first.path, at, given);
      case 'variable':
        if (first.path.length > 0) return this.fields(this.variable(first.name, at), first.path, at, given);
    }
    if (given) this.fail('Expected a function before these arguments, got a value.', at);
    if (first.kind === 'nil') this.fail('Expected a value, got nil.', at);
    return this.operand(dot, first);
  }

  /** Evaluates an operand without arguments. */
  private operand(dot: Value, node: Operand): Value {
    switch (node.kind) {
      case 'pipe':
        return this.pipeline(dot, node);
      case 'identifier':
        return this.call(dot, node.name, node.pos, node.pos, [], undefined);
      case 'field':
        return this.fields(dot, node.path, node.pos, false);
      case 'chain':
        return this.fields(this.argument(dot, 'any', node.of), node.path, node.pos, false);
      case 'variable':
        return this.fields(this.variable(node.name, node.pos), node.path, node.pos, false);
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'number':
        return (
          idealValue(node.literal) ??
          this.fail(`Number ${toText(node.literal.text)} does not fit into 64 bits.`, node.pos)
        );
      default:
        return node.value;
    }
  }

  private variable(name: string, pos: number): Value {
    const value = this.variables.get(name);
    return value === undefined ? this.fail(`Variable "${toText(name)}" is not declared.`, pos) : value;
  }

  /** Looks up a path of fields. Only the environment has fields; every field of nil is nil. */
  private fields(from: Value, path: readonly string[], pos: number, given: boolean): Value {
    let value = from;
    path.forEach((name, i) => {
      if (value === null) return;
      if (!(value instanceof Environment))
        this.fail(`Expected an environment to look up ".${toText(name)}" in, got ${typeName(value)}.`, pos);
      if (given && i === path.length - 1)
        this.fail(`Expected no arguments for ".${toText(name)}", which is not a function.`, pos);
      value = value.get(name);
    });
    return value;
  }

  private call(
    dot: Value,
    name: string,
    namePos: number,
    callPos: number,
    args: readonly Operand[],
    final: Final,
  ): Value {
    const count = args.length + (final ? 1 : 0);
    if (SHORT_CIRCUIT.has(name)) return this.shortCircuit(dot, name, namePos, args, final, count);
    const found = FUNCTIONS.get(name);
    if (!found) return this.fail(`Function "${toText(name)}" does not exist.`, namePos);
    const { parameters, variadic = false } = found;
    const min = variadic ? parameters.length - 1 : parameters.length;
    if (count < min || (!variadic && count > min))
      this.fail(
        `Expected ${variadic ? 'at least ' : ''}${min} ${min === 1 ? 'argument' : 'arguments'} for ${name}, got ${count}.`,
        namePos,
      );
    const typeOf = (index: number): Parameter => parameters[Math.min(index, parameters.length - 1)] ?? 'any';
    const values = args.map((arg, i) => this.argument(dot, typeOf(i), arg));
    if (final) values.push(this.fit(final.value, typeOf(values.length), args.at(-1)?.pos ?? namePos));
    return this.guard(callPos, () => found.call(values, this.context), name);
  }

  private shortCircuit(
    dot: Value,
    name: string,
    pos: number,
    args: readonly Operand[],
    final: Final,
    count: number,
  ): Value {
    if (count === 0) this.fail(`Expected at least 1 argument for ${name}, got 0.`, pos);
    let value: Value = null;
    for (const arg of args) {
      value = this.argument(dot, 'any', arg);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final ? final.value : value;
  }

  /** Evaluates an operand as an argument. A literal must have the type of the parameter. */
  private argument(dot: Value, type: Parameter, node: Operand): Value {
    this.guard(node.pos, () => this.context.budget.step());
    if (node.kind === 'nil')
      return type === 'string' ? this.fail('Expected a string, got nil.', node.pos) : null;
    const literal = node.kind === 'bool' || node.kind === 'string' || node.kind === 'number';
    if (literal && type !== 'any' && !(type === 'string' && node.kind === 'string'))
      this.fail(`Expected a ${NAMES[type]}, got a ${node.kind} literal.`, node.pos);
    return this.fit(this.operand(dot, node), type, node.pos);
  }

  private fit(value: Value, type: Parameter, pos: number): Value {
    if (type === 'any') return value;
    if (type === 'string' && typeof value === 'string') return value;
    if (type === 'strings' && (value === null || (value instanceof List && value.elem === 'string')))
      return value;
    return this.fail(`Expected a ${NAMES[type]}, got ${typeName(value)}.`, pos);
  }

  /** Runs `run` and adds the position to its {@link CallFailure}. */
  private guard<T>(pos: number, run: () => T, name?: string): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      return this.fail(name === undefined ? error.message : `${name}: ${error.message}`, pos);
    }
  }

  private fail(message: string, pos: number): never {
    throw new TemplateFailure(message, pos);
  }
}
