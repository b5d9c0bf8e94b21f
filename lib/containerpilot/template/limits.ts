import { CallFailure } from './failure.js';

/** What a template may use before it is stopped. Far above any real file, far below a hang. */
export const TEMPLATE_LIMITS = Object.freeze({
  /** Bytes of a template, of its output, and of any single value it makes. */
  size: 1_048_576,
  /** Blocks, parentheses and templates within one another. */
  depth: 200,
  /** Variables that one place can see. */
  variables: 1_000,
  /** Elements of `loop`. */
  loop: 10_000,
  /** Actions and operands evaluated. */
  steps: 500_000,
  /** Bytes read and written by functions, in all. */
  work: 33_554_432,
});

/** Counts what one rendering uses. */
export class Budget {
  private steps = 0;
  private work = 0;

  /** One node evaluated. */
  step(): void {
    this.steps += 1;
    if (this.steps > TEMPLATE_LIMITS.steps)
      throw new CallFailure(`Expected at most ${TEMPLATE_LIMITS.steps} evaluated actions and operands.`);
  }

  /** `bytes` read or written by a function. */
  charge(bytes: number): void {
    this.work += bytes;
    if (this.work > TEMPLATE_LIMITS.work)
      throw new CallFailure(`Expected at most ${TEMPLATE_LIMITS.work} bytes of text to be worked on.`);
  }

  /** A text that was made: charged, and refused when it is too long to keep. */
  made(text: string): string {
    this.charge(text.length);
    if (text.length > TEMPLATE_LIMITS.size)
      throw new CallFailure(`Expected a value of at most ${TEMPLATE_LIMITS.size} bytes, got ${text.length}.`);
    return text;
  }
}
