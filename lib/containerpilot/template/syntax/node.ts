import { type NumberLiteral } from './number.js';

/** The base of all nodes. `pos` is the byte offset for errors about the node. */
interface At {
  readonly pos: number;
}

/** `.A.B`: fields of the current value. */
export interface FieldNode extends At {
  readonly kind: 'field';
  readonly path: readonly string[];
}

/** `$x.A.B`. The path excludes the name of the variable. */
export interface VariableNode extends At {
  readonly kind: 'variable';
  readonly name: string;
  readonly path: readonly string[];
}

/** `(pipeline).A.B` or `function.A`. */
export interface ChainNode extends At {
  readonly kind: 'chain';
  readonly of: Operand;
  readonly path: readonly string[];
}

/** A function's name. */
export interface IdentifierNode extends At {
  readonly kind: 'identifier';
  readonly name: string;
}

/** A literal, or `.` or `nil`. */
export type LiteralNode = At &
  (
    | { readonly kind: 'dot' | 'nil' }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'number'; readonly literal: NumberLiteral }
  );

/** One part of a command. Spaces separate the operands. */
export type Operand = FieldNode | VariableNode | ChainNode | IdentifierNode | LiteralNode | PipeNode;

/** An operand, or a function with its arguments. */
export interface CommandNode extends At {
  readonly args: Operand[];
}

/** Commands separated by `|`, with optional variables for the result. */
export interface PipeNode extends At {
  readonly kind: 'pipe';
  readonly variables: string[];
  /** Whether the operator is `=` and not `:=`. */
  assigns: boolean;
  readonly commands: CommandNode[];
}

/** `{{if}}`, `{{with}}` and `{{range}}` with their branches. */
export interface BranchNode extends At {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: PipeNode;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[] | undefined;
}

/** `{{template "name" pipeline}}`. */
export interface TemplateNode extends At {
  readonly kind: 'template';
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

/** An element of a template. */
export type Node =
  | (At & { readonly kind: 'text'; readonly text: string })
  | (At & { readonly kind: 'action'; readonly pipe: PipeNode })
  | (At & { readonly kind: 'break' | 'continue' })
  | BranchNode
  | TemplateNode;
