import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GIT_SETTINGS } from '../harness/git.js';
import { nextVersion, refusal, releaseChangelog, releaseCommands } from '../../scripts/release/plan.mjs';

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- A thing.

## [0.1.0] - 2026-01-01

- The first.
`;

describe('the version of a release', () => {
  it.each([
    ['patch', '1.2.4'],
    ['minor', '1.3.0'],
    ['major', '2.0.0'],
    ['1.10.0', '1.10.0'],
  ])('%s of 1.2.3 is %s', (bump, expected) => {
    expect(nextVersion('1.2.3', bump)).toBe(expected);
  });

  it.each(['1.2.3', '1.2.2', '0.9.9', 'next', '', undefined])('refuses %p', (bump) => {
    expect(() => nextVersion('1.2.3', bump)).toThrow(/^Expected/);
  });
});

describe('the changelog of a release', () => {
  it('moves what is unreleased under the version', () => {
    expect(releaseChangelog(CHANGELOG, '0.2.0', '2026-02-03')).toBe(`# Changelog

## [Unreleased]

## [0.2.0] - 2026-02-03

### Added

- A thing.

## [0.1.0] - 2026-01-01

- The first.
`);
  });

  it('works without an earlier release', () => {
    const text = '# Changelog\n\n## [Unreleased]\n\n- A thing.\n';
    expect(releaseChangelog(text, '0.1.0', '2026-02-03')).toContain(
      '## [0.1.0] - 2026-02-03\n\n- A thing.\n',
    );
  });

  it('refuses an empty section, and a file without one', () => {
    const empty = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n## [0.1.0] - 2026-01-01\n\n- The first.\n';
    expect(() => releaseChangelog(empty, '0.2.0', '2026-02-03')).toThrow('nothing to release');
    expect(() => releaseChangelog('# Changelog\n', '0.2.0', '2026-02-03')).toThrow('[Unreleased]');
  });
});

describe('a release', () => {
  const state = {
    manifest: { version: '0.1.0', repository: { type: 'git', url: 'https://example.org/x.git' } },
    branch: 'main',
    status: '',
    tags: ['v0.1.0'],
    version: '0.2.0',
  };

  it('is made from a clean main with a repository', () => {
    expect(refusal(state)).toBeUndefined();
  });

  it('is refused without a repository, off main, with changes, or twice', () => {
    expect(refusal({ ...state, manifest: { version: '0.1.0' } })).toContain('"repository"');
    expect(refusal({ ...state, branch: 'topic' })).toContain('main');
    expect(refusal({ ...state, branch: '' })).toContain('detached');
    expect(refusal({ ...state, status: ' M lib/index.ts' })).toContain('lib/index.ts');
    expect(refusal({ ...state, version: '0.1.0' })).toContain('v0.1.0');
  });

  it('tests before it tags, and publishes last', () => {
    const commands = releaseCommands('0.2.0').map((command) => command.join(' '));
    const tag = commands.findIndex((command) => command.startsWith('git tag'));
    for (const tested of ['npm test', 'npm run test:long', 'npm run chaos -- --share']) {
      expect(commands).toContain(tested);
      expect(commands.indexOf(tested)).toBeLessThan(tag);
    }
    expect(commands.at(-1)).toBe('npm publish --provenance --access public');
  });

  describe('as a dry run', () => {
    let folder: string;
    const git = (...args: string[]): void => {
      execFileSync('git', [...GIT_SETTINGS, ...args], { cwd: folder });
    };
    const write = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
    };
    const dryRun = (): { stdout: string; stderr: string; status: number | null } => {
      const script = fileURLToPath(new URL('../../scripts/release.mjs', import.meta.url));
      return spawnSync(process.execPath, [script, 'minor', '--dry-run'], { cwd: folder, encoding: 'utf8' });
    };

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'release-'));
      git('init', '--quiet', '--initial-branch=main');
      write('CHANGELOG.md', CHANGELOG);
      write('package.json', JSON.stringify({ version: '0.1.0', repository: 'https://example.org/x.git' }));
      git('add', '.');
      git('commit', '--quiet', '--message=first');
    });

    afterEach(() => {
      rmSync(folder, { recursive: true, maxRetries: 10 });
    });

    it('prints its steps and changes nothing', () => {
      const { stdout, stderr, status } = dryRun();
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(stdout).toContain('0.1.0 -> 0.2.0');
      expect(stdout).toContain('npm publish --provenance');
      expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toBe(CHANGELOG);
      expect(execFileSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' })).toBe('');
    });

    it('says why the release would be refused', () => {
      write('package.json', JSON.stringify({ version: '0.1.0' }));
      const { stderr, status } = dryRun();
      expect(stderr).toContain('"repository"');
      expect(status).toBe(1);
    });
  });
});
