/** A word that has a standard name. */
export interface Found {
  /** From 1. */
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

export function findWords(text: string): readonly Found[];
