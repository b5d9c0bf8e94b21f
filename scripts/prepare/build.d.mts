/** See build.mjs. */
export const COMPILED: string;
export function build(root: string): Promise<void>;
export function buildLibrary(root: string): Promise<void>;
export function buildPage(root: string): Promise<void>;
