import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url));

/**
 * The lines of the code block in a page of docs/ whose first line is the comment `# <title>`, without comments: what
 * is documented is what is tested.
 */
export function documented(language: string, title: string, page = 'registries.md'): readonly string[] {
  const blocks = [...readFileSync(join(DOCS, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)];
  const block = blocks.find(([, kind, text]) => kind === language && text?.startsWith(`# ${title}\n`));
  if (!block) throw new Error(`Expected docs/${page} to have a ${language} block "# ${title}".`);
  return block[2]!.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
