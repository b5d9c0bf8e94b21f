import { readFileSync } from 'node:fs';

/**
 * Returns the page: one HTML file with its script and style. In the published package the bundler puts the file's text
 * into this module, so that it is there after an application has been bundled too.
 *
 * @throws Error when the page has not been built
 */
export function readPage(): string {
  const file = new URL('../../.cache/page/page.html', import.meta.url);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(
      `Expected the built page at ${file.pathname}, found none. \`npm run build:page\` builds it.`,
      { cause },
    );
  }
}
