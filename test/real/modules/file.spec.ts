import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBothModules } from './both-modules.js';

describeBothModules('the file registry', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'both-modules-'));
  return { registry: `file:${folder}`, close: () => rm(folder, { recursive: true, force: true }) };
});
