import { CallFailure } from './failure.js';

/** Limits of a template. They are far above the needs of real files, and low enough that no template blocks the process. */
export const TEMPLATE_LIMITS = Object.freeze({
  /** Bytes of a template, of its output, and of each value. */
  sizeBytes: 1_048_576,
  /** Nesting of blocks, of parentheses and of template calls. */
  depth: 200,
  /** Variables in scope. */
  variables: 1_000,
  /** Elements of the result of `loop`. */
  loop: 10_000,
  /** Evaluated actions and operands. */
  steps: 500_000,
  /** Total bytes that functions read and write. */
  workBytes: 33_554_432,
});

/** Counts the steps and the work of one rendering. */
export class Budget {
  private steps = 0;
  private work = 0;

  /**
   * Counts one evaluated node.
   *
   * @throws CallFailure above {@link TEMPLATE_LIMITS}
   */
  step(): void {
    this.steps += 1;
    if (this.steps > TEMPLATE_LIMITS.steps)
      throw new CallFailure(`Expected at most ${TEMPLATE_LIMITS.steps} evaluated actions and operands.`);
  }

  /**
   * Counts `bytes` that a function reads or writes.
   *
   * @throws CallFailure above {@link TEMPLATE_LIMITS}
   */
  charge(bytes: number): void {
    this.work += bytes;
    if (this.work > TEMPLATE_LIMITS.workBytes)
      throw new CallFailure(`Expected functions to process at most ${TEMPLATE_LIMITS.workBytes} bytes.`);
  }

  /**
   * Counts the bytes of a new value and returns it.
   *
   * @throws CallFailure when it is larger than a value may be
   */
  chargeValue(text: string): string {
    this.charge(text.length);
    if (text.length > TEMPLATE_LIMITS.sizeBytes)
      throw new CallFailure(
        `Expected a value of at most ${TEMPLATE_LIMITS.sizeBytes} bytes, got ${text.length}.`,
      );
    return text;
  }
}
