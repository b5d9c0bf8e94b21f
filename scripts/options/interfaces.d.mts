/** A member of an interface of options. */
export interface OptionMember {
  readonly name: string;
  readonly required: boolean;
  /** Its docstring, on one line. */
  readonly meaning: string;
  /** Its `@default`. */
  readonly byDefault: string | undefined;
}

export function readOptions(path: string, name: string): OptionMember[];
