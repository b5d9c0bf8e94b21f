import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContainerPilot } from '../../../lib/containerpilot/load.js';
import { ENVIRONMENT, TEMPLATE_WORDS } from '../environment.js';
import { mutatedBytes } from '../mutation.js';
import { bytesTarget } from '../target.js';

export default bytesTarget({
  name: 'containerpilot-file',
  promise: "a configuration file's bytes are read as UTF-8 with or without a mark, or refused",
  share: 0.2,
  inputs: (corpus) => mutatedBytes(corpus, TEMPLATE_WORDS),
  run: (bytes) => {
    const file = join(tmpdir(), `nestjs-sidekick-fuzz-${randomUUID()}.json5`);
    try {
      writeFileSync(file, bytes);
      loadContainerPilot(file, ENVIRONMENT, { hostname: 'h' });
    } finally {
      rmSync(file, { force: true });
    }
  },
});
