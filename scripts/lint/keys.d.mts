export function keysOf(root: string): Promise<ReadonlyMap<string, string>>;
