/** `npm run docs:grafana`: writes docs/grafana/dashboard.json from scripts/grafana/dashboard.mjs. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { dashboard } from './grafana/dashboard.mjs';

const path = fileURLToPath(new URL('../docs/grafana/dashboard.json', import.meta.url));
const json = JSON.stringify(dashboard(), null, 2);
await writeFile(path, await format(json, { ...(await resolveConfig(path)), filepath: path }));
