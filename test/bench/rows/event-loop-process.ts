// The process that changes instances for rows/event-loop.ts, so that its work is not measured.
import { Etcd3 } from 'etcd3';
import { stored } from '../measure/etcd-fleet.js';
import { CHANGES_PER_SECOND } from './event-loop.js';

const [endpoint = '', size = '0'] = process.argv.slice(2);
const client = new Etcd3({ hosts: endpoint });
let version = 0;
let timer: NodeJS.Timeout | undefined;

async function change(): Promise<void> {
  version += 1;
  const [key, value] = stored((version * 7) % Number(size), version);
  await client.put(key).value(value);
}

process.on('message', (command: 'start' | 'stop') => {
  clearInterval(timer);
  if (command === 'start') timer = setInterval(() => void change(), 1_000 / CHANGES_PER_SECOND);
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
