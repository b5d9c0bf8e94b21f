import { removeFolder, tempFolder } from '../../harness/temp.js';
import { describeJobs } from './jobs.js';

describeJobs('file:', async () => {
  const folder = await tempFolder('elections');
  return { url: `file:${folder}`, close: () => removeFolder(folder) };
});
