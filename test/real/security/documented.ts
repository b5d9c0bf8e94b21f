import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REGISTRIES = fileURLToPath(new URL('../../../docs/registries.md', import.meta.url));

/**
 * The lines of the code block in docs/registries.md whose first line is the comment `# <title>`, without comments: what
 * is documented is what is tested.
 */
export function documented(language: string, title: string): readonly string[] {
  const blocks = [...readFileSync(REGISTRIES, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)];
  const block = blocks.find(([, kind, text]) => kind === language && text?.startsWith(`# ${title}\n`));
  if (!block) throw new Error(`Expected docs/registries.md to have a ${language} block "# ${title}".`);
  return block[2]!.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
