import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LeaderOnly, Locked, SidekickModule } from '../../../lib/index.js';
import { startConsul } from '../../harness/consul.js';
import { startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';
import { documented } from '../security/documented.js';
import { complaints, recording, type Recording } from '../security/support.js';

const ETCD = documented('sh', 'elects', 'elections.md');
const CONSUL = documented('hcl', 'elects', 'elections.md');

class Jobs {
  @LeaderOnly('reports')
  report(): string {
    return 'reported';
  }

  @Locked('invoices', { lockAtMostFor: 60 })
  async invoice(): Promise<string> {
    await Promise.resolve();
    return 'sent';
  }
}

describe('The least rights of docs/elections.md', () => {
  let logger: Recording;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    logger = recording();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function boot(registry: string): Promise<INestApplicationContext> {
    @Module({ imports: [SidekickModule.forRoot({ registry, ttl: 10, logger })], providers: [Jobs] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    closing.push(() => app.close());
    return app;
  }

  async function leadsAndLocks(registry: string): Promise<void> {
    const app = await boot(registry);
    const jobs = app.get(Jobs);
    await until('the leadership', () => jobs.report() === 'reported');
    expect(await jobs.invoice()).toBe('sent');
    await closing.pop()?.();
    expect(complaints(logger)).toEqual([]);
  }

  it('are enough for etcd, and a missing one is a warning that names it', async () => {
    const etcd = await startEtcd();
    closing.push(() => etcd.stop());
    await etcd.enableAuth('root');
    for (const line of ETCD) await etcd.etcdctl(line.split(' ').slice(1));
    // A lock is refused if its first request takes longer; etcd needs some time for a password.
    const url = `etcd://elector:PASSWORD@${etcd.hosts}?timeout=20`;
    await leadsAndLocks(url);
    await etcd.etcdctl(['role', 'revoke-permission', 'elector', '/nestjs-sidekick/.elections/reports']);
    const app = await boot(url);
    await until('the warning', () => complaints(logger).length > 0);
    expect(logger.lines.join('\n')).toContain('/nestjs-sidekick/.elections/reports');
    expect(app.get(Jobs).report()).toBeUndefined();
  });

  it('are enough for Consul', async () => {
    const agent = await startConsul({ acl: true });
    closing.push(() => agent.stop());
    const token = await agent.createToken(CONSUL.join('\n'));
    await leadsAndLocks(`consul://127.0.0.1:${agent.port}?token=${token}`);
  });
});
