/** A client of etcd in a process of its own, which is closed at any moment and then has nothing left to do. */
import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { type EtcdOptions } from '../../../lib/etcd-client/options.js';
import { serve, settings } from '../../harness/worker-side.js';

/** Milliseconds after which it reports what keeps it alive. */
const LOOK = 1_500;

export type Doing = 'call' | 'stream' | 'version';

const transport = await EtcdTransport.create(settings() as EtcdOptions);

async function call(): Promise<void> {
  await transport.call({
    what: 'reading',
    run: async ({ kv }, options) => await kv.range({ key: Buffer.from('k') }, options),
  });
}

async function stream(): Promise<void> {
  await transport.openStream(transport.pinned, {
    what: 'watching',
    open: async ({ watch }, options) => await watch.watch(options),
    onMessage: () => undefined,
    onEnd: () => undefined,
  });
}

const DO: Readonly<Record<Doing, () => Promise<unknown>>> = {
  call,
  stream,
  version: async () => await transport.version(),
};

serve({
  done: async (what: Doing) => await DO[what](),
  /** Does not wait for the call: the close aborts it. */
  begin: (what: Doing) => void DO[what]().catch(() => undefined),
  /** Closes in so many turns of the event loop from now, and `-1` at once. */
  close: async ({ begin, turns }: { begin?: Doing; turns: number }) => {
    if (begin) void DO[begin]().catch(() => undefined);
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    transport.close();
    setTimeout(() => {
      if (!process.connected) console.error(`Still here for: ${process.getActiveResourcesInfo().join(', ')}`);
    }, LOOK).unref();
  },
});
