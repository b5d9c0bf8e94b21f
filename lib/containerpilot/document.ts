import { formatValue } from '../common/expected.js';
import { REDACTED } from '../common/redact.js';
import { ConfigError } from './config.error.js';
import { type JsonNode } from './json5/node.js';
import { positionAt, sourceLine } from './source-position.js';
import { type Rendered } from './template/render.js';

/** How many problems and how many warnings are told of one file; finding a place takes a pass over the file. */
const MOST_TOLD = 20;

/** A file being read: finds the places of its values, and gathers what is wrong with it. */
export class ConfigDocument {
  readonly problems: ConfigError[] = [];
  readonly warnings: string[] = [];

  constructor(
    /** Its path, for messages. */
    readonly file: string | undefined,
    /** The file itself, before it was rendered. */
    private readonly template: string,
    private readonly rendered: Rendered,
  ) {}

  /** Notes a problem at `offset` of the rendered text. `reason` is made only where there is room for it. */
  problem(offset: number, reason: () => string, path?: string): void {
    if (this.problems.length >= MOST_TOLD) return;
    const { unsetVariables } = this.rendered;
    const place = this.place(offset);
    const source = sourceLine(this.template, place);
    this.problems.push(
      new ConfigError(reason(), { file: this.file, ...place, source, path, unsetVariables }),
    );
  }

  /** Notes something that is let through. */
  warn(offset: number, text: () => string): void {
    if (this.warnings.length > MOST_TOLD) return;
    if (this.warnings.length === MOST_TOLD) {
      this.warnings.push('… and more.');
      return;
    }
    const { line, column } = this.place(offset);
    this.warnings.push(`${this.file ?? 'configuration'}:${line}:${column}: ${text()}`);
  }

  /** A value as a complaint shows it. What the environment gave may be a secret, and is not shown. */
  shown(node: JsonNode, secret: boolean): string {
    if (node.kind === 'object') return 'an object';
    if (node.kind === 'array') return 'a list';
    if (node.kind === 'null') return 'null';
    if (node.kind === 'string' && node.value === '') return '""';
    if (!this.rendered.isLiteral(node.start, node.end)) return `a ${node.kind} from the environment`;
    return secret ? REDACTED : formatValue(node.value);
  }

  private place(offset: number): { readonly line: number; readonly column: number } {
    return positionAt(this.template, this.rendered.origin(offset).offset);
  }
}
