import { type EtcdOptions } from '../../../lib/etcd-client/options.js';
import { createTlsSet, type TlsSet } from '../../harness/certificates.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { monotonic, until } from '../../harness/wait.js';
import { Worker } from '../../harness/worker.js';
import { type Doing } from './closing-process.js';

/**
 * Milliseconds a process may stay once its client is closed: time for 18 processes to end, and half of the timeout of a
 * connection.
 */
const MAX_STAY = 10_000;

const DOINGS: readonly Doing[] = ['call', 'stream', 'version'];

describe.each(['plain', 'TLS'])(
  'A process whose etcd client is closed while a proxy swallows everything, %s',
  (kind) => {
    let tls: TlsSet | undefined;
    let etcd: EtcdCluster;
    let proxy: TcpProxy;
    const running = new Set<Worker>();

    beforeAll(async () => {
      tls = kind === 'TLS' ? await createTlsSet({ mutual: true }) : undefined;
      etcd = await startEtcd(tls ? { tls: tls.harness } : {});
    });
    afterAll(async () => {
      await etcd.stop();
      await tls?.remove();
    });
    beforeEach(async () => {
      proxy = await TcpProxy.to(etcd.members[0]!);
      running.clear();
    });
    afterEach(async () => {
      await Promise.all([...running].map(async (worker) => await worker.end()));
      await proxy.stop();
    });

    function start(): Worker {
      const { ca, cert, key } = tls?.good ?? {};
      const options: EtcdOptions = {
        endpoints: `${tls ? 'https' : 'http'}://${proxy.endpoint}`,
        headerTimeoutPerRequest: 20,
        ...(tls && { tls: { ca: ca!, cert: cert!, key: key! } }),
      };
      const worker = Worker.start(new URL('./closing-process.ts', import.meta.url), options);
      running.add(worker);
      return worker;
    }

    /** How long each process stayed after its client was closed. */
    async function ends(workers: readonly Worker[]): Promise<void> {
      const stays = await Promise.all(
        workers.map(async (worker) => {
          const began = monotonic();
          const byItself = await worker.end();
          running.delete(worker);
          return byItself ? monotonic() - began : Infinity;
        }),
      );
      expect(stays.filter((stay) => stay > MAX_STAY)).toEqual([]);
    }

    it('ends where it is closed in the first turns of a call', async () => {
      proxy.swallow();
      const workers = DOINGS.flatMap((begin) =>
        [0, 1, 2, 3, 5, 10].map((turns) => ({ worker: start(), begin, turns })),
      );
      await Promise.all(workers.map(async ({ worker, ...close }) => await worker.ask('close', close)));
      await ends(workers.map(({ worker }) => worker));
    });

    it.each(DOINGS)('ends where it is closed once it is connected and nothing answers: %s', async (doing) => {
      proxy.swallow();
      const worker = start();
      await worker.ask('begin', doing);
      await until('a connection', () => proxy.counts.bytesUp > 0);
      await worker.ask('close', { turns: 0 });
      await ends([worker]);
    });

    it.each(DOINGS)(
      'ends where it is closed with a request under way on a connection that worked: %s',
      async (doing) => {
        const worker = start();
        await worker.ask('done', 'call');
        proxy.swallow();
        const { bytesUp } = proxy.counts;
        await worker.ask('begin', doing);
        await until('the request', () => proxy.counts.bytesUp > bytesUp);
        await worker.ask('close', { turns: 0 });
        await ends([worker]);
      },
    );

    it.each(DOINGS)('ends where it is closed while it comes back after a loss: %s', async (doing) => {
      const worker = start();
      await worker.ask('done', 'call');
      await worker.ask('done', 'stream');
      const { connections } = proxy.counts;
      proxy.swallow();
      proxy.cut();
      // A request may still go to the connection that is lost, and only fail.
      await until('the connection', async () => {
        await worker.ask('begin', doing);
        return proxy.counts.connections > connections;
      });
      await worker.ask('close', { turns: 0 });
      await ends([worker]);
    });

    it('ends where it is closed while it begins to come back after a loss', async () => {
      const workers = [0, 1, 2, 3, 5, 10].map((turns) => ({ worker: start(), turns }));
      await Promise.all(workers.map(async ({ worker }) => await worker.ask('done', 'call')));
      proxy.swallow();
      proxy.cut();
      await Promise.all(
        workers.map(async ({ worker, turns }) => await worker.ask('close', { begin: 'call', turns })),
      );
      await ends(workers.map(({ worker }) => worker));
    });
  },
);
