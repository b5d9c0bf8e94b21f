import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../scripts/options/interfaces.mjs';
import { withOptions } from '../../scripts/options/table.mjs';
import { OUTLIER_DEFAULTS } from '../../lib/balancing/outliers/outlier-options.js';
import { RETRY_DEFAULTS } from '../../lib/balancing/retry-options.js';
import { ETCD_DEFAULTS } from '../../lib/etcd-client/options.js';
import { PILOTED_DEFAULTS } from '../../lib/piloted/piloted.options.js';
import { SIDEKICK_DEFAULTS } from '../../lib/sidekick/sidekick.defaults.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

describe('The tables of options', () => {
  it('are those of the docstrings', () => {
    const squeezed = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
    let tables = 0;
    for (const page of PAGES) {
      const text = readFileSync(join(ROOT, page), 'utf8');
      const [begun, ended] = [/^<!-- options: /gm, /^<!-- end of options -->$/gm].map(
        (mark) => [...text.matchAll(mark)].length,
      );
      expect({ page, ended }).toEqual({ page, ended: begun });
      tables += begun!;
      expect(squeezed(text)).toBe(squeezed(withOptions(text)));
    }
    expect(tables).toBeGreaterThan(10);
  });

  it('report an option that is not there', () => {
    const marker =
      '<!-- options: lib/balancing/retry-options.ts RetryOptions atempts -->\n<!-- end of options -->';
    expect(() => withOptions(marker)).toThrow(
      'Expected an option atempts in RetryOptions of lib/balancing/retry-options.ts, found none.',
    );
  });

  it.each([
    ['lib/sidekick/sidekick.options.ts', 'SidekickModuleOptions', SIDEKICK_DEFAULTS],
    ['lib/piloted/piloted.options.ts', 'PilotedModuleOptions', PILOTED_DEFAULTS],
    ['lib/balancing/retry-options.ts', 'RetryOptions', RETRY_DEFAULTS],
    ['lib/balancing/outliers/outlier-options.ts', 'OutlierDetectionOptions', OUTLIER_DEFAULTS],
    ['lib/etcd-client/options.ts', 'EtcdOptions', ETCD_DEFAULTS],
  ])('have the defaults that the code uses: %s %s', (path, name, defaults) => {
    const documented = new Map(readOptions(path, name).map((member) => [member.name, member.byDefault]));
    for (const [option, value] of Object.entries(defaults)) {
      const text = typeof value === 'string' ? `'${value}'` : String(value);
      expect({ option, byDefault: documented.get(option) }).toEqual({ option, byDefault: text });
    }
  });
});
