interface At {
  /** Offset of the first character. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
}

/** A member of an object. */
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly value: JsonNode;
}

/** A JSON5 value and its position. */
export type JsonNode = At &
  (
    | { readonly kind: 'null' }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
    /** Of members with the same name, the last one. A map, so that `__proto__` is an ordinary name. */
    | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Member> }
  );

/** A warning about a JSON5 document. */
export interface Remark {
  readonly offset: number;
  readonly text: string;
}
