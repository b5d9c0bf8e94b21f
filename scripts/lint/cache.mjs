import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The keys with which files were clean, in `.cache/lint.json`. */
export class LintCache {
  #root;
  #clean;

  constructor(root, clean) {
    this.#root = root;
    this.#clean = clean;
  }

  /** @param {string} root the repository */
  static async open(root) {
    try {
      return new LintCache(root, JSON.parse(await readFile(join(root, '.cache', 'lint.json'), 'utf8')));
    } catch {
      return new LintCache(root, {});
    }
  }

  isClean(file, key) {
    return this.#clean[relative(this.#root, file)] === key;
  }

  /**
   * Stores the keys of the files that are clean now, with those that were not linted since they have not changed.
   *
   * @param {Map<string, string>} keys the current keys
   * @param {readonly { filePath: string, messages: readonly unknown[] }[]} results of the files of this run
   */
  async store(keys, results) {
    const linted = new Map(results.map(({ filePath, messages }) => [filePath, messages.length === 0]));
    const kept = [...keys].filter(([file, key]) => linted.get(file) ?? this.isClean(file, key));
    const content = Object.fromEntries(kept.map(([file, key]) => [relative(this.#root, file), key]));
    await mkdir(join(this.#root, '.cache'), { recursive: true });
    const draft = join(this.#root, '.cache', `lint-${process.pid}.json`);
    await writeFile(draft, JSON.stringify(content));
    await rename(draft, join(this.#root, '.cache', 'lint.json'));
  }
}
