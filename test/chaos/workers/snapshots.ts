/** Writes one snapshot after the other, of 2,000 endpoints each, until it is killed. */
import { type SnapshotList } from '../../../lib/discovery/snapshot-codec.js';
import { SnapshotFile } from '../../../lib/discovery/snapshot-file.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { completeInstance } from '../../../lib/registry/instance.js';

const [path] = process.argv.slice(2) as [string];
const file = new SnapshotFile(path, silentLogger, systemClock);
const endpoints = Array.from({ length: 2_000 }, (_, i) =>
  completeInstance({
    service: 'many',
    id: `i${i}`,
    address: '127.0.0.1',
    port: 80,
    meta: { n: 'x'.repeat(500) },
  }),
);
const lists: SnapshotList[] = [{ source: { service: 'many' }, confirmedAtMs: Date.now(), endpoints }];
await file.save(lists);
process.send?.('writing');
for (;;) await file.save(lists);
