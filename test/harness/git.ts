/**
 * Flags of Git for the repository of a test: an author, no signature, and no maintenance, which could still write in the
 * background when the folder is removed.
 */
export const GIT_SETTINGS: readonly string[] = [
  'user.name=test',
  'user.email=test@example.org',
  'commit.gpgSign=false',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);
