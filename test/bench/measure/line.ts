/** Measured values of one side, one a round. */
export interface Side {
  readonly name: string;
  readonly values: readonly number[];
}

/** What a line is expected to reach. */
export interface Goal {
  /** What is compared: ours divided by the floor, ours minus the floor, ours alone, or the peer divided by ours. */
  readonly of: 'ratio' | 'difference' | 'ours' | 'peer';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One line of the table. Crosses processes, therefore plain data. */
export interface Line {
  readonly what: string;
  /** Of all values: `ns`, `ms`, `calls/s` … */
  readonly unit: string;
  readonly ours: readonly number[];
  /** The least that the same work costs without this library. */
  readonly floor?: Side;
  /** Other libraries; a peer that could not be installed has no values. */
  readonly peers?: readonly Side[];
  readonly goal?: Goal;
  /** Position on the row's chart. */
  readonly x?: number;
  /** Further figures, such as bytes a pick. */
  readonly note?: string;
}

/** How long a row may measure. */
export interface Effort {
  readonly quick: boolean;
  readonly rounds: number;
}

/** A row's module. `variant` is one of the row's variants; each runs in a process of its own. */
export interface RowModule {
  measure(variant: string, effort: Effort): Promise<readonly Line[]>;
}
