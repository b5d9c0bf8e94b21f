import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { removeFolder, tempFolder } from '../../harness/temp.js';

const REFUSED = fileURLToPath(new URL('isolated-refused.mjs', import.meta.url));

describe('An application whose heartbeats run in a thread', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await tempFolder('refused');
  });
  afterEach(() => removeFolder(folder));

  it('rejects with the classes of errors that an application without a thread rejects with', async () => {
    const env = { ...process.env, SIDEKICK_REGISTRY: `file:${folder}` };
    const { stdout } = await promisify(execFile)(process.execPath, [REFUSED], { env, timeout: 120_000 });
    expect(JSON.parse(stdout)).toEqual({
      taken: {
        held: true,
        invalid: false,
        message: expect.stringContaining('another live session') as string,
      },
      unreadable: {
        held: false,
        invalid: true,
        message: expect.stringContaining('/nowhere/ca.pem') as string,
      },
    });
  });
});
