// An application with `isolate`, as it is built, with a job for the leader and one under a lock. It blocks its event loop
// when its parent asks for it.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { monotonic } from '../../harness/monotonic.mjs';

// Knows the worker threads, so that one can be ended.
const threads = createRequire(import.meta.url)('node:worker_threads');
const workers = new Set();
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    workers.add(this);
    this.once('exit', () => workers.delete(this));
  }
};
syncBuiltinESMExports();
const { Elections, LeaderOnly, Locked, SidekickModule } = await import('../../../dist/index.js');

/** Seconds. */
const MAX_HANG = 9;

/** Blocks this thread. */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

class Jobs {
  leader({ term }) {
    return term;
  }

  async locked(ms, { term }) {
    process.send({ kind: 'locked', term });
    const from = monotonic();
    block(ms);
    return { term, from, to: monotonic() };
  }
}
function decorate(decorator, name) {
  const descriptor = Object.getOwnPropertyDescriptor(Jobs.prototype, name);
  decorator(Jobs.prototype, name, descriptor);
  Object.defineProperty(Jobs.prototype, name, descriptor);
}
decorate(LeaderOnly('isolated'), 'leader');
decorate(Locked('isolated', { lockAtMostFor: 60 }), 'locked');

class AppModule {}

const app = await NestFactory.createApplicationContext(
  {
    module: AppModule,
    imports: [
      SidekickModule.forRoot({ registry: process.argv[2], isolate: true, maxHang: MAX_HANG, ttl: 6 }),
    ],
    providers: [Jobs],
  },
  { logger: ['warn', 'error'] },
);
const jobs = app.get(Jobs);
const election = app.get(Elections).of('isolated');
election.changes.subscribe(({ type, term, reason }) => process.send({ kind: 'change', type, term, reason }));

const commands = {
  look: () => ({ isLeader: election.isLeader, term: election.term, leader: election.leader?.term }),
  job: () => jobs.leader(),
  block: (ms) => {
    block(ms);
    // The first look, before any timer or message.
    return { isLeader: election.isLeader, term: election.term };
  },
  locked: (ms) => jobs.locked(ms),
  endThread: async () => {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  },
  close: () => app.close(),
};
process.on('message', ({ number, command, argument }) => {
  void Promise.resolve(commands[command](argument)).then((result) => {
    process.send({ kind: 'answer', number, result });
    if (command === 'close') process.disconnect();
  });
});
process.send({ kind: 'booted' });
