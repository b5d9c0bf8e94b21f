/** `npm run servers`: finds or downloads the servers for the tests, and prints their paths. */
import { DEFAULT_SERVERS, provision } from './servers/provision.mjs';

const asked = process.argv.slice(2);
try {
  const paths = await provision({
    servers: asked.length > 0 ? asked : DEFAULT_SERVERS,
    report: console.error,
  });
  for (const [name, path] of Object.entries(paths)) console.log(`${name} ${path}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
