/**
 * Reads one key of an etcd again and again by linearizable reads, and writes what it sees to stdout, a line of JSON
 * for each read. A process of its own, so that nothing that blocks or dies under test keeps it from looking.
 */
import http from 'node:http';
import { monotonic } from './monotonic.mjs';

const { urls, key, every, timeout } = JSON.parse(process.argv[2]);
const agent = new http.Agent({ keepAlive: true });
const body = JSON.stringify({ key: Buffer.from(key).toString('base64') });
let turn = 0;
let open = 0;
let ending = false;

// A new read begins whether or not the last one has been answered: a hung member leaves no gap in what is seen.
const ticking = setInterval(read, every);
read();

process.stdin.resume();
process.stdin.on('end', () => {
  clearInterval(ticking);
  ending = true;
  finish();
});

function read() {
  const url = urls[turn++ % urls.length];
  const began = monotonic();
  let told = false;
  const tell = (seen) => {
    if (told) return;
    told = true;
    process.stdout.write(`${JSON.stringify({ began, ended: monotonic(), url, ...seen })}\n`);
  };
  open++;
  const request = http.request(`${url}/v3/kv/range`, { method: 'POST', agent, timeout }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => (text += chunk));
    response.on('error', (error) => tell({ kind: 'failed', reason: error.message }));
    response.on('end', () => tell(understand(response.statusCode, text)));
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout} ms`)));
  request.on('error', (error) => tell({ kind: 'failed', reason: error.message }));
  request.on('close', () => {
    tell({ kind: 'failed', reason: 'the connection was closed' });
    open--;
    finish();
  });
  request.end(body);
}

function understand(status, text) {
  if (status !== 200) return { kind: 'failed', reason: `status ${status}` };
  try {
    const { header, kvs } = JSON.parse(text);
    const [found] = kvs ?? [];
    if (!found) return { kind: 'absent', revision: Number(header.revision) };
    return {
      kind: 'present',
      revision: Number(header.revision),
      version: Number(found.mod_revision),
      lease: BigInt(found.lease ?? 0).toString(16),
      value: Buffer.from(found.value ?? '', 'base64').toString(),
    };
  } catch (error) {
    return { kind: 'failed', reason: error.message };
  }
}

function finish() {
  if (ending && open === 0) agent.destroy();
}
