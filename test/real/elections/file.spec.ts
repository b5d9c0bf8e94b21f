import { removeFolder, tempFolder } from '../../harness/temp.js';
import { describeJobs } from './jobs.js';

describeJobs('file:', 3_000, async () => {
  const folder = await tempFolder('elections');
  return { url: `file:${folder}`, close: () => removeFolder(folder) };
});
