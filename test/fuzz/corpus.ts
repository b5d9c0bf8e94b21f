import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One input that is kept in the repository. */
export interface CorpusEntry {
  /** The name of its file, which says what is nasty about it. */
  readonly name: string;
  readonly bytes: Buffer;
}

const ROOT = fileURLToPath(new URL('corpus', import.meta.url));

/** A file of this ending holds `[text, times]` pairs, for inputs too long to keep. */
const REPEATED = '.repeat.json';

function contentOf(path: string): Buffer {
  const bytes = readFileSync(path);
  if (!path.endsWith(REPEATED)) return bytes;
  const pairs = JSON.parse(bytes.toString()) as (readonly [string, number])[];
  return Buffer.from(pairs.map(([text, times]) => text.repeat(times)).join(''));
}

/** The stored inputs of a target, in the order of their names. */
export function readCorpus(target: string): readonly CorpusEntry[] {
  const folder = join(ROOT, target);
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: contentOf(join(folder, name)) }));
}
