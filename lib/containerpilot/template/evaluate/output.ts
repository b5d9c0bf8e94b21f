import { CallFailure } from '../failure.js';
import { TEMPLATE_LIMITS } from '../limits.js';

/** What a template has written so far, up to the limit. */
export class Output {
  private readonly parts: string[] = [];
  private size = 0;

  write(bytes: string): void {
    this.size += bytes.length;
    if (this.size > TEMPLATE_LIMITS.size)
      throw new CallFailure(`Expected an output of at most ${TEMPLATE_LIMITS.size} bytes.`);
    this.parts.push(bytes);
  }

  get text(): string {
    return this.parts.join('');
  }
}
