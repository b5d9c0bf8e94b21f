import { inspect } from 'node:util';

/** Part of every secret. */
export const CANARY = 'cAnArY7q';
const FORMS = [CANARY, encodeURIComponent(`${CANARY}/`), Buffer.from(CANARY).toString('base64')];

/** All output of the library, by any channel; `leaks` finds the parts that show a secret. */
export class OutputRecord {
  readonly #texts: string[] = [];

  text(...texts: readonly unknown[]): void {
    for (const text of texts) this.#texts.push(String(text));
  }

  /** A value as it is printed, logged or sent. */
  value(value: unknown): void {
    this.text(value, inspect(value, { depth: 12 }), safely(value));
  }

  /** An error with its causes and failures. */
  error(error: unknown): void {
    this.value(error);
    if (!(error instanceof Error)) return;
    this.text(error.message, error.stack);
    if (error.cause !== undefined) this.error(error.cause);
    for (const { error: inner } of (error as { failures?: readonly { error: Error }[] }).failures ?? [])
      this.error(inner);
  }

  /** The text around each canary in the output. */
  get leaks(): readonly string[] {
    const around = (text: string): string[] =>
      FORMS.map((form) => text.indexOf(form))
        .filter((at) => at >= 0)
        .map((at) => text.slice(Math.max(0, at - 150), at + 40));
    return [...new Set(this.#texts.flatMap(around))].slice(0, 20);
  }

  get count(): number {
    return this.#texts.length;
  }
}

function safely(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return String(error);
  }
}
