/**
 * Reads the health of one service in Consul again and again, and writes what it sees to stdout, a line of JSON for each
 * read. A process of its own, so that nothing that blocks or dies under test keeps it from looking.
 */
import http from 'node:http';
import { monotonic } from './monotonic.mjs';

const { url, service, every, timeout } = JSON.parse(process.argv[2]);
const agent = new http.Agent({ keepAlive: true });
let open = 0;
let ending = false;

const ticking = setInterval(read, every);
read();

process.stdin.resume();
process.stdin.on('end', () => {
  clearInterval(ticking);
  ending = true;
  finish();
});

function read() {
  const began = monotonic();
  let told = false;
  const tell = (seen) => {
    if (told) return;
    told = true;
    process.stdout.write(`${JSON.stringify({ began, ended: monotonic(), ...seen })}\n`);
  };
  open++;
  const path = `${url}/v1/health/service/${encodeURIComponent(service)}?consistent`;
  const request = http.request(path, { agent, timeout }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => (text += chunk));
    response.on('error', () => tell({ kind: 'failed' }));
    response.on('end', () => tell(understand(response, text)));
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout} ms`)));
  request.on('error', () => tell({ kind: 'failed' }));
  request.on('close', () => {
    tell({ kind: 'failed' });
    open--;
    finish();
  });
  request.end();
}

/** What the catalogue has of each instance: `passing` when all checks of the service itself pass. */
function understand(response, text) {
  if (response.statusCode !== 200) return { kind: 'failed' };
  try {
    const instances = JSON.parse(text).map(({ Service, Checks }) => ({
      id: Service.ID,
      passing: Checks.every(({ ServiceID, Status }) => ServiceID === '' || Status === 'passing'),
    }));
    return { kind: 'read', revision: Number(response.headers['x-consul-index']), instances };
  } catch {
    return { kind: 'failed' };
  }
}

function finish() {
  if (ending && open === 0) agent.destroy();
}
