/** The state of a checkout that a release depends on. */
export interface ReleaseState {
  readonly manifest: { readonly version: string; readonly repository?: unknown };
  readonly branch: string;
  /** Output of `git status --porcelain`, trimmed. */
  readonly status: string;
  readonly tags: readonly string[];
  /** The version to be released. */
  readonly version: string;
}

/** @throws Error when `current` is no version, or `bump` is neither a step nor a higher version */
export function nextVersion(current: string, bump: string | undefined): string;

/**
 * @param date as `2026-01-31`
 * @throws Error when there is no unreleased section, or nothing in it
 */
export function releaseChangelog(text: string, version: string, date: string): string;

export function refusal(state: ReleaseState): string | undefined;

export function releaseCommands(version: string): readonly (readonly string[])[];
