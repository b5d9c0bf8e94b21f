import { monotonic, sleep } from '../../../harness/wait.js';
import { type Finding } from '../../validators/finding.js';
import { seenAt, seenWithin } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { EtcdPlace } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'asked';
const WHO = 'reader';
const FOLLOWER = { who: WHO, service: SERVICE };
const CALLERS = 100;

/** Milliseconds the way to etcd takes, one way. */
const SLOW = 250;

/** Milliseconds until what changed during a refresh is seen, on that way. */
const WITHIN = 4_000;

/** Changes arrive during a refresh, and many concurrent first calls request the same service. */
export const refreshAndFirstCalls: Scenario = {
  name: 'refresh-and-first-calls',
  promise:
    'A change that arrives during a refresh is not lost, and a hundred first calls for a service share one load, which is cut off in the middle, and none gets an empty list',

  async run(stage, { kills }) {
    const place = await EtcdPlace.open(stage);
    const [member] = place.etcd.members;
    const { url, proxies } = await place.way();
    await place.write(SERVICE, { a: '0' });
    const app = await stage.application({
      name: WHO,
      registry: url,
      piloted: { bootTimeout: 20 },
      follow: [SERVICE],
    });
    await seen(stage, [WHO], SERVICE, { a: '0' }, WITHIN);
    const findings: Finding[] = [];

    const rounds = Math.max(2, Math.ceil(kills / 2));
    let slowest = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const proxy of proxies) proxy.delay(SLOW);
      const refreshed = app.ask('refresh');
      // Anywhere on the way: before the list is read, after, or before the watch begins.
      await sleep(stage.random() * 4 * SLOW);
      await place.write(SERVICE, { a: String(round) });
      const written = monotonic();
      await refreshed;
      await seen(stage, [WHO], SERVICE, { a: String(round) }, 2 * WITHIN);
      const { events } = stage.recorder;
      findings.push(...seenWithin(events, FOLLOWER, ['a', String(round)], written - 100, WITHIN + 100));
      slowest = Math.max(
        slowest,
        (seenAt(events, FOLLOWER, 'a', String(round), written - 100) ?? Infinity) - written,
      );
    }
    stage.figures['changes during a refresh'] = rounds;
    stage.figures[`slowest of them, with ${SLOW} ms each way (ms)`] = Math.max(0, Math.round(slowest));

    let most = 0;
    for (let round = 0; round < rounds; round++) {
      const service = `first-${round}`;
      await place.write(service, { a: '0' });
      for (const proxy of proxies) proxy.delay(SLOW);
      const before = await member!.requests('Range');
      const calls = app.ask('call', service, CALLERS);
      const cut = round % 2 === 1;
      if (cut) {
        await sleep(stage.random() * 2 * SLOW);
        stage.fault(WHO, 'cut', 'begin');
        for (const proxy of proxies) proxy.cut();
        stage.fault(WHO, 'cut', 'end');
      }
      const { found, failed } = await calls;
      for (const proxy of proxies) proxy.pass();
      const lists = (await member!.requests('Range')) - before;
      if (!cut) most = Math.max(most, lists);
      const blame = (text: string): number =>
        findings.push({ promise: 'one load for all', who: WHO, at: monotonic(), text });
      if (failed.length > 0)
        blame(`Expected ${CALLERS} endpoints, ${failed.length} calls failed, the first with ${failed[0]!}.`);
      if (found + failed.length !== CALLERS) blame(`Expected ${CALLERS} answers, got ${found}.`);
      // A load that was cut is repeated once for all callers.
      if (lists > (cut ? 4 : 1))
        blame(`Expected one list for ${CALLERS} callers, etcd was asked for ${lists}.`);
    }
    stage.figures['first calls, each time'] = `${rounds} times ${CALLERS}`;
    stage.figures['most lists for them, where nothing was cut'] = most;
    return findings;
  },
};
