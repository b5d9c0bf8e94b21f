import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { nodeBinary } from '../../../scripts/servers/node.mjs';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { npmInstall } from '../packaging/installation.js';

const APPLICATION = fileURLToPath(new URL('successor-application.mjs', import.meta.url));

/** The successor of prom-client needs a newer Node than this project, so that it is installed for this spec alone. */
describe('@prometheus-io/client on Node 22', () => {
  it('scrapes two applications of a process, and aggregates the workers of a cluster', async () => {
    const folder = await tempFolder('successor');
    try {
      const node = await nodeBinary(22);
      await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
      await npmInstall(folder, '@prometheus-io/client@0.16.1');
      const printed = await shell(node, [APPLICATION, folder], { timeout: 120_000 });
      const { scrape, fleet } = JSON.parse(printed) as { readonly scrape: string; readonly fleet: string };
      expect(scrape).toContain('sidekick_heartbeat_up{key="leader"} 1\n');
      expect(scrape).toContain(
        'sidekick_request_duration_seconds_count{service_name="web",outcome="success"} 1\n',
      );
      for (const text of [scrape, fleet]) {
        expect(text).toContain('sidekick_service_endpoints{service_name="web",state="active"} 1\n');
        expect(text).toContain('sidekick_registry_connected{registry="memory"} 1\n');
        expect(text).not.toMatch(/nan/i);
      }
    } finally {
      await removeFolder(folder);
    }
  });
});
