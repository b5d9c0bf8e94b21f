interface At {
  /** Offset of its first character. */
  readonly start: number;
  /** Offset behind its last character. */
  readonly end: number;
}

/** A member of an object. */
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly value: JsonNode;
}

/** A value of a JSON5 text and its place. */
export type JsonNode = At &
  (
    | { readonly kind: 'null' }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
    /** Of members with one name the last counts; a map, so that `__proto__` is a name like any other. */
    | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Member> }
  );

/** Something at a place of the text. */
export interface Remark {
  readonly offset: number;
  readonly text: string;
}
