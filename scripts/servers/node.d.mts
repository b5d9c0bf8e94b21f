/** See node.mjs. */
export type NodeLine = '20.19' | 20 | 22 | 24 | 26;

export const NODE_RELEASES: Readonly<Record<Exclude<NodeLine, '20.19'>, string>>;

export function nodeBinary(
  line: NodeLine,
  options?: { readonly env?: NodeJS.ProcessEnv; readonly report?: (line: string) => void },
): Promise<string>;
