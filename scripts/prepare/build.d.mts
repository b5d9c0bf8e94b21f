/** See build.mjs. */
export function build(root: string): Promise<void>;
