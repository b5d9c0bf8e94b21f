import { CallFailure } from '../failure.js';
import { TEMPLATE_LIMITS } from '../limits.js';

/** A part of the output and its position in the template. */
export interface Segment {
  /** Byte offset in the output. */
  readonly start: number;
  /** Byte offset in the template. */
  readonly pos: number;
  /** Whether it is literal text of the template, and not the output of an action. */
  readonly literal: boolean;
}

/** The output of a template, with the origin of each part. */
export class Output {
  readonly segments: Segment[] = [];
  private readonly parts: string[] = [];
  private size = 0;

  /** @throws CallFailure when the output is larger than {@link TEMPLATE_LIMITS} */
  write(bytes: string, pos: number, literal: boolean): void {
    this.segments.push({ start: this.size, pos, literal });
    this.size += bytes.length;
    if (this.size > TEMPLATE_LIMITS.sizeBytes)
      throw new CallFailure(`Expected an output of at most ${TEMPLATE_LIMITS.sizeBytes} bytes.`);
    this.parts.push(bytes);
  }

  get text(): string {
    return this.parts.join('');
  }
}
