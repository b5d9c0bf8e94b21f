/** See application.mjs. */
export const TSCONFIG: {
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly include: readonly string[];
};
