/** `npm run sample NAME`: runs one of the samples, by its number or its name. Without a name, lists them. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { play } from './prepare/sample.mjs';

const folder = fileURLToPath(new URL('../sample', import.meta.url));
const names = (await readdir(folder)).filter((name) => /^\d\d-/.test(name)).sort();
const [asked] = process.argv.slice(2);
const name = names.find((each) => each === asked || each.slice(0, 2) === asked || each.slice(3) === asked);

if (name === '11-docker-compose') console.log('This sample is run by Docker: see sample/11-docker-compose.');
else if (name !== undefined) await play(name);
else {
  console.log(`npm run sample NAME, where NAME is one of\n${names.map((each) => `  ${each}\n`).join('')}`);
  process.exitCode = asked === undefined ? 0 : 1;
}
