import { CallFailure, TemplateFailure } from '../failure.js';
import { formatOutput } from '../format/print.js';
import { Budget, TEMPLATE_LIMITS } from '../limits.js';
import { type BranchNode, type Node } from '../syntax/node.js';
import { type Templates } from '../syntax/parser.js';
import { toText } from '../values/bytes.js';
import { Environment, isTrue, List, typeName, type Value } from '../values/value.js';
import { Evaluator } from './evaluator.js';
import { Output } from './output.js';
import { Variables } from './variables.js';

/** The state that all templates of one rendering share. */
interface Rendering {
  readonly templates: Templates;
  readonly environment: Environment;
  readonly budget: Budget;
  readonly output: Output;
}

/** How a list of nodes ended: completely, or by `{{break}}` or `{{continue}}` of the enclosing range. */
type Outcome = 'done' | 'break' | 'continue';

/** The execution of one template. A called template has its own frame, without the variables of the caller. */
class Frame {
  private readonly variables: Variables;
  private readonly evaluator: Evaluator;

  constructor(
    private readonly rendering: Rendering,
    private depth: number,
    dollar: Value,
  ) {
    this.variables = new Variables(dollar);
    this.evaluator = new Evaluator(this.variables, rendering);
  }

  list(nodes: readonly Node[], dot: Value): Outcome {
    for (const node of nodes) {
      const outcome = this.node(node, dot);
      if (outcome !== 'done') return outcome;
    }
    return 'done';
  }

  private node(node: Node, dot: Value): Outcome {
    switch (node.kind) {
      case 'text':
        this.write(node.text, node.pos, true);
        return 'done';
      case 'action': {
        const value = this.evaluator.pipeline(dot, node.pipe);
        if (node.pipe.variables.length === 0)
          this.within(node.pos, () => this.write(formatOutput(value), node.pos, false));
        return 'done';
      }
      case 'template':
        runTemplate(
          this.rendering,
          node.name,
          node.pipe ? this.evaluator.pipeline(dot, node.pipe) : null,
          node.pos,
          this.depth,
        );
        return 'done';
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return this.branch(node, dot);
    }
  }

  private branch(node: BranchNode, dot: Value): Outcome {
    const mark = this.variables.mark;
    this.depth += 1;
    if (this.depth > TEMPLATE_LIMITS.depth)
      throw new TemplateFailure(
        `Expected at most ${TEMPLATE_LIMITS.depth} nested blocks and templates.`,
        node.pos,
      );
    const value = this.evaluator.pipeline(dot, node.pipe);
    const outcome = node.kind === 'range' ? this.range(node, value, dot) : this.choose(node, value, dot);
    this.depth -= 1;
    this.variables.release(mark);
    return outcome;
  }

  private choose(node: BranchNode, value: Value, dot: Value): Outcome {
    if (isTrue(value)) return this.list(node.body, node.kind === 'with' ? value : dot);
    return node.otherwise ? this.list(node.otherwise, dot) : 'done';
  }

  private range(node: BranchNode, value: Value, dot: Value): Outcome {
    const mark = this.variables.mark;
    let empty = true;
    for (const [key, element] of this.pairs(node, value)) {
      empty = false;
      this.within(node.pos, () => this.rendering.budget.step());
      if (node.pipe.variables.length > 0) this.variables.setLast(0, element);
      if (node.pipe.variables.length > 1) this.variables.setLast(1, key);
      const outcome = this.list(node.body, element);
      this.variables.release(mark);
      if (outcome === 'break') break;
    }
    return empty && node.otherwise ? this.list(node.otherwise, dot) : 'done';
  }

  private *pairs(node: BranchNode, value: Value): Generator<readonly [Value, Value]> {
    if (value === null) return;
    if (value instanceof Environment) {
      yield* value.entries();
      return;
    }
    if (!(value instanceof List))
      throw new TemplateFailure(`Expected a slice or a map to range over, got ${typeName(value)}.`, node.pos);
    for (let i = 0; i < value.length; i += 1) yield [BigInt(i), value.at(i)];
  }

  private write(text: string, pos: number, literal: boolean): void {
    this.within(pos, () => {
      this.rendering.budget.step();
      this.rendering.output.write(text, pos, literal);
    });
  }

  /** Runs `run` and adds the position to its {@link CallFailure}. */
  private within(pos: number, run: () => void): void {
    try {
      run();
    } catch (error) {
      throw error instanceof CallFailure ? new TemplateFailure(error.message, pos) : error;
    }
  }
}

function runTemplate(rendering: Rendering, name: string, dot: Value, pos: number, depth: number): void {
  const nodes = rendering.templates.get(name);
  if (!nodes) throw new TemplateFailure(`Template ${JSON.stringify(toText(name))} is not defined.`, pos);
  if (depth >= TEMPLATE_LIMITS.depth)
    throw new TemplateFailure(`Expected at most ${TEMPLATE_LIMITS.depth} nested blocks and templates.`, pos);
  new Frame(rendering, depth + 1, dot).list(nodes, dot);
}

/**
 * Executes the template with the name `''`. Its `.` is the environment.
 *
 * @throws TemplateFailure when it fails or exceeds {@link TEMPLATE_LIMITS}
 */
export function execute(templates: Templates, environment: Environment): Output {
  const rendering: Rendering = { templates, environment, budget: new Budget(), output: new Output() };
  runTemplate(rendering, '', environment, 0, 0);
  return rendering.output;
}
