/** See shell.mjs. */
export const NPM_INSTALL: readonly string[];

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which it is killed; 240,000 by default. */
  readonly timeout?: number;
}

export function shell(program: string, args: readonly string[], options?: ShellOptions): Promise<string>;
