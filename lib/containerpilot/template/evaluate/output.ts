import { CallFailure } from '../failure.js';
import { TEMPLATE_LIMITS } from '../limits.js';

/** A stretch of what was written, and the byte of the template it comes from. */
export interface Segment {
  /** First byte of the output. */
  readonly start: number;
  /** First byte of the template. */
  readonly pos: number;
  /** Whether it is the template's own text, byte for byte, rather than what an action made. */
  readonly literal: boolean;
}

/** What a template has written so far, up to the limit, and from where. */
export class Output {
  readonly segments: Segment[] = [];
  private readonly parts: string[] = [];
  private size = 0;

  write(bytes: string, pos: number, literal: boolean): void {
    this.segments.push({ start: this.size, pos, literal });
    this.size += bytes.length;
    if (this.size > TEMPLATE_LIMITS.size)
      throw new CallFailure(`Expected an output of at most ${TEMPLATE_LIMITS.size} bytes.`);
    this.parts.push(bytes);
  }

  get text(): string {
    return this.parts.join('');
  }
}
