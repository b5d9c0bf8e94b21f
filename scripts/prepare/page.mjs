/**
 * `node scripts/prepare/page.mjs OUT`: builds the dashboard's page into `OUT/page.html`: one file with its style and its
 * script, which holds lit-html.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const source = fileURLToPath(new URL('../../lib/dashboard/page/', import.meta.url));

async function script() {
  const bundle = await rolldown({
    input: join(source, 'main.ts'),
    platform: 'browser',
    // Without it, the development build of lit-html is taken.
    resolve: { conditionNames: ['production', 'browser', 'import', 'default'] },
    tsconfig: false,
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

/** Returns the page. The replacements are functions, since `$` in a replacement string is a pattern. */
export async function buildPage() {
  const [html, css, js] = await Promise.all([
    readFile(join(source, 'index.html'), 'utf8'),
    readFile(join(source, 'style.css'), 'utf8'),
    script(),
  ]);
  if (js.includes('</script'))
    throw new Error('The script of the page holds "</script", which would end it.');
  return html
    .replace('<style></style>', () => `<style>${css}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${js}</script>`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(process.argv[2], { recursive: true });
  await writeFile(join(process.argv[2], 'page.html'), await buildPage());
}
