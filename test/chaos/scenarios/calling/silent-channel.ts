import { Metadata } from '@grpc/grpc-js';
import { type ClientGrpc, ClientProxyFactory } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { grpcService } from '../../../../lib/grpc/index.js';
import { monotonic, sleep, until } from '../../../harness/wait.js';
import { createWorld, grpcOptions, type HeroService, PROTO, startServer } from '../../../real/rpc/support.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';

/** Milliseconds without a call. */
const SILENCE_MS = { full: 60_000, share: 5_000 };

/** Milliseconds within which a call without an instance ends; more in the share, which is played beside others. */
const WITHIN_MS = { full: 1_000, share: 3_000 };

/** A channel on an empty list is left alone for a minute. */
export const silentChannel: Scenario = {
  name: 'silent-channel',
  promise:
    'A gRPC call on an empty list after a minute of silence ends with UNAVAILABLE within 1 s, and one to an instance that came meanwhile is answered',

  async run(stage, { kills }) {
    const size = kills >= 50 ? 'full' : 'share';
    const withinMs = WITHIN_MS[size];
    const findings: Finding[] = [];
    const world = await createWorld();
    stage.atEnd(async () => await world.close());
    const client = ClientProxyFactory.create(
      grpcService(world.handle, { package: 'hero', protoPath: PROTO }),
    ) as unknown as ClientGrpc & { close(): void };
    stage.atEnd(async () => client.close());
    const hero = client.getService<HeroService>('HeroService');
    const call = async (): Promise<{ code: unknown; ms: number }> => {
      const begun = monotonic();
      const deadline = Date.now() + 10_000;
      const code = await lastValueFrom(hero.findOne({}, new Metadata(), { deadline })).then(
        () => 0,
        (error: unknown) => (error as { readonly code?: unknown }).code,
      );
      return { code, ms: monotonic() - begun };
    };
    const expectEnd = async (when: string): Promise<void> => {
      const { code, ms } = await call();
      stage.figures[`milliseconds of a call ${when}`] = Math.round(ms);
      if (code === 14 && ms <= withinMs) return;
      const text = `Expected UNAVAILABLE (14) within ${withinMs} ms ${when}, got ${String(code)} after ${Math.round(ms)} ms.`;
      findings.push({ promise: 'a call on an empty list ends', who: 'grpc', at: monotonic(), text });
    };
    await expectEnd('at the start');
    await sleep(SILENCE_MS[size]);
    await expectEnd('after the silence');
    const server = await startServer('one', grpcOptions());
    stage.atEnd(async () => await server.close());
    await world.announce([server]);
    await until('the instance to answer', async () => (await call()).code === 0).catch((error: unknown) => {
      findings.push({
        promise: 'a new instance is called',
        who: 'grpc',
        at: monotonic(),
        text: String(error),
      });
    });
    return findings;
  },
};
