import { formatValue } from '../common/expected.js';
import { REDACTED } from '../common/redact.js';
import { ConfigError } from './config.error.js';
import { type JsonNode } from './json5/node.js';
import { positionAt, sourceLine } from './source-position.js';
import { type Rendered } from './template/render.js';

/** Maximum number of reported problems, and of warnings. Each needs a pass over the file to find its position. */
const MAX_REPORTED = 20;

/** A file that is read: finds the positions of its values, and collects problems and warnings. */
export class ConfigDocument {
  readonly problems: ConfigError[] = [];
  readonly warnings: string[] = [];

  constructor(
    /** Path of the file, for messages. */
    readonly file: string | undefined,
    /** Content of the file before it was rendered. */
    private readonly template: string,
    private readonly rendered: Rendered,
  ) {}

  /** Adds a problem at `offset` of the rendered text. `reason` is not called for problems above the maximum. */
  problem(offset: number, reason: () => string, path?: string): void {
    if (this.problems.length >= MAX_REPORTED) return;
    const { unsetVariables } = this.rendered;
    const position = this.position(offset);
    const source = sourceLine(this.template, position);
    this.problems.push(
      new ConfigError(reason(), { file: this.file, ...position, source, path, unsetVariables }),
    );
  }

  /** Adds a warning at `offset` of the rendered text. */
  warn(offset: number, text: () => string): void {
    if (this.warnings.length > MAX_REPORTED) return;
    if (this.warnings.length === MAX_REPORTED) {
      this.warnings.push('… and more.');
      return;
    }
    const { line, column } = this.position(offset);
    this.warnings.push(`${this.file ?? 'configuration'}:${line}:${column}: ${text()}`);
  }

  /** Describes a value for a message. A value from the environment may be a secret and is not printed. */
  describe(node: JsonNode, secret: boolean): string {
    if (node.kind === 'object') return 'an object';
    if (node.kind === 'array') return 'an array';
    if (node.kind === 'null') return 'null';
    if (node.kind === 'string' && node.value === '') return '""';
    if (!this.rendered.isLiteral(node.start, node.end)) return `a ${node.kind} from the environment`;
    return secret ? REDACTED : formatValue(node.value);
  }

  private position(offset: number): { readonly line: number; readonly column: number } {
    return positionAt(this.template, this.rendered.origin(offset).offset);
  }
}
