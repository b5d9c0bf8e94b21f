/**
 * Decides what a release does, from the state of the checkout alone: no I/O, so that every refusal is tested.
 */

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
const UNRELEASED = '## [Unreleased]';

/** The version that follows `current` by `bump`: `patch`, `minor`, `major`, or an explicit higher version. */
export function nextVersion(current, bump) {
  const match = VERSION.exec(current);
  if (!match) throw new Error(`Expected the version in package.json to be X.Y.Z, got "${current}".`);
  const [major, minor, patch] = match.slice(1).map(Number);
  if (bump === 'major') return `${major + 1}.0.0`;
  if (bump === 'minor') return `${major}.${minor + 1}.0`;
  if (bump === 'patch') return `${major}.${minor}.${patch + 1}`;
  const wanted = VERSION.exec(bump ?? '');
  if (!wanted) throw new Error(`Expected patch, minor, major or a version X.Y.Z, got "${bump ?? ''}".`);
  const parts = wanted.slice(1).map(Number);
  const order = parts[0] - major || parts[1] - minor || parts[2] - patch;
  if (order <= 0) throw new Error(`Expected a version above ${current}, got ${bump}.`);
  return bump;
}

/** The changelog with its unreleased section under the new version, and an empty unreleased section above. */
export function releaseChangelog(text, version, date) {
  const start = text.indexOf(UNRELEASED);
  if (start < 0) throw new Error(`Expected CHANGELOG.md to have a section "${UNRELEASED}".`);
  const after = start + UNRELEASED.length;
  const end = text.indexOf('\n## [', after);
  const section = text.slice(after, end < 0 ? undefined : end).trim();
  if (!/^- /m.test(section))
    throw new Error('The unreleased section of CHANGELOG.md is empty: nothing to release.');
  const rest = end < 0 ? '\n' : text.slice(end);
  return `${text.slice(0, after)}\n\n## [${version}] - ${date}\n\n${section}\n${rest}`;
}

/** The first reason why a release cannot be made, or undefined. */
export function refusal({ manifest, branch, status, tags, version }) {
  if (!manifest.repository) {
    return 'package.json has no "repository" field. npm refuses --provenance without it; add the address of the public repository first.';
  }
  if (branch !== 'main')
    return `Releases are made from main, and this is ${branch || 'a detached checkout'}.`;
  if (status !== '') return `The checkout has uncommitted changes:\n${status}`;
  if (tags.includes(`v${version}`)) return `The tag v${version} exists already.`;
  return undefined;
}

/** The commands of a release, in order, after the files have been written. */
export function releaseCommands(version) {
  return [
    ['npm', 'run', 'check'],
    ['npm', 'test'],
    ['npm', 'run', 'test:long'],
    ['npm', 'run', 'chaos', '--', '--share'],
    ['git', 'commit', '--all', '--message', `release: ${version}`],
    ['git', 'tag', '--annotate', `v${version}`, '--message', `v${version}`],
    ['git', 'push', '--follow-tags'],
    ['npm', 'publish', '--provenance', '--access', 'public'],
  ];
}
