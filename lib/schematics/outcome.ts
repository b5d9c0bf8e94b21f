/** What became of a step: the new text where it changes, and what is left to do by hand. */
export interface Outcome {
  readonly text: string;
  readonly notes: readonly string[];
}

/** An outcome that leaves the text as it is. */
export function unchanged(text: string, ...notes: readonly string[]): Outcome {
  return { text, notes };
}
