import { monotonic } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { ofKind } from '../../recording/recorder.js';
import { type Finding } from '../../validators/finding.js';
import { noPickFailed } from '../../validators/freshness.js';
import { endsWith, listsOf, neverWithout } from '../../validators/lists.js';
import { type Scenario } from '../scenario.js';
import { instanceValue, prefixOf } from './etcd-instances.js';
import { EtcdPlace } from './places.js';
import { seen } from './seen.js';

const SERVICE = 'mangled';
const WHO = 'reader';
const FOLLOWER = { who: WHO, service: SERVICE };
const KEYS = 100;

/** Writes of one transaction; etcd takes 128. */
const AT_ONCE = 50;

/** Lines a minute, whatever happens; a run at full size may take two. */
const LINES = 10;

const RUBBISH = [
  '',
  '{',
  'null',
  '[]',
  '42',
  '{"Addr":7}',
  '{"Addr":"nowhere"}',
  '{"Addr":"h:0"}',
  '\u0000',
  'x'.repeat(70_000),
];

/** Others write rubbish into keys of a service, again and again, some of them keys that were good. */
export const malformedValues: Scenario = {
  name: 'malformed-values',
  promise:
    'However many values are malformed, each key keeps its last good one, the others are untouched and keep changing, and the log has few lines',

  async run(stage, { kills }) {
    const writes = Math.max(2_000, kills * 250);
    const place = await EtcdPlace.open(stage);
    const { store } = place;
    const good = Object.fromEntries(Array.from({ length: KEYS }, (_, i) => [`good${i}`, 'kept']));
    for (let i = 0; i < KEYS; i += AT_ONCE)
      await place.write(SERVICE, Object.fromEntries(Object.entries(good).slice(i, i + AT_ONCE)));
    await place.write(SERVICE, { lively: '0' });
    const { url, proxies } = await place.way();
    await stage.application({
      name: WHO,
      registry: url,
      piloted: { services: [SERVICE] },
      follow: [SERVICE],
    });
    const from = monotonic();
    let mark = 0;
    for (let written = 0; written < writes; written += AT_ONCE) {
      const first = between(stage.random, 0, KEYS - AT_ONCE);
      const rubbish = pickOne(stage.random, RUBBISH.slice(0, -1));
      await store.writeSurely({
        ...Object.fromEntries(
          Array.from({ length: AT_ONCE }, (_, i) => [`${prefixOf(SERVICE)}good${first + i}`, rubbish]),
        ),
        // One never valid, one too large, and one that is added and removed: each could be reported every time.
        [`${prefixOf(SERVICE)}never`]: rubbish,
        [`${prefixOf(SERVICE)}large`]: RUBBISH.at(-1),
        [`${prefixOf(SERVICE)}blinking`]: written % (2 * AT_ONCE) === 0 ? rubbish : undefined,
        [`${prefixOf(SERVICE)}lively`]: instanceValue(String(++mark)),
      });
      if (stage.random() < 0.02) for (const proxy of proxies) proxy.cut();
    }
    await seen(stage, [WHO], SERVICE, { lively: String(mark) }, 10_000);
    // A repaired entry is used again.
    await place.write(SERVICE, { good0: 'again', never: 'now' });
    await seen(stage, [WHO], SERVICE, { good0: 'again', never: 'now' }, 5_000);
    const { events } = stage.recorder;
    const lines = ofKind(events, 'log').filter(({ who, text }) => who === WHO && text.startsWith('Ignoring'));
    const minutes = Math.ceil((monotonic() - from) / 60_000);
    stage.figures['malformed writes'] = writes + 3 * (writes / AT_ONCE);
    stage.figures['lines in the log about them'] = lines.length;
    stage.figures.lists = listsOf(events, WHO, SERVICE).length;
    const findings: Finding[] = [];
    if (lines.length === 0 || lines.length > LINES * (minutes + 1)) {
      const text = `Expected 1 to ${LINES} lines a minute, got ${lines.length} in ${minutes}.`;
      findings.push({ promise: 'few lines', who: WHO, at: monotonic(), text });
    }
    return [
      ...findings,
      ...neverWithout(events, FOLLOWER, [...Object.keys(good), 'lively'], { from, to: Infinity }),
      ...noPickFailed(events, FOLLOWER),
      ...endsWith(events, FOLLOWER, { ...good, good0: 'again', never: 'now', lively: String(mark) }),
    ];
  },
};
