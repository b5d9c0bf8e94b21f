import { monotonic, until } from '../../../harness/wait.js';
import { type Answer, CountingBalancer, saying, World } from '../../../real/http/support.js';
import { between } from '../../random.js';
import { type Scenario } from '../scenario.js';

const SERVICE = 'web';
const CALLERS = 64;
const CALLS = { full: 100_000, share: 2_000 };

/** Calls that end in every way there is, many at a time. */
export const stormOfAborts: Scenario = {
  name: 'storm-of-aborts',
  alone: true,
  promise:
    'After any number of calls with random aborts, timeouts and resets no call is counted as under way',

  async run(stage, { kills }) {
    const calls = kills >= 50 ? CALLS.full : CALLS.share;
    const { random } = stage;
    const world = new World();
    const balancer = new CountingBalancer();
    const odd: Answer = (request, response) => {
      const end = between(random, 0, 5);
      if (end === 0) request.socket.destroy();
      else if (end === 1) response.writeHead(503).end('busy');
      else if (end === 2) response.write('half');
      else if (end === 3) setTimeout(() => response.end('late'), between(random, 1, 30));
      else response.end('ok');
    };
    try {
      await world.serve(SERVICE, 'odd', odd);
      await world.serve(SERVICE, 'other', odd);
      await world.serve(SERVICE, 'well', saying('ok'));
      await world.register(SERVICE, 'dead', {});
      const { http } = await world.boot({ services: [{ name: SERVICE, balancer, outlierDetection: false }] });
      const callOnce = async (): Promise<void> => {
        const controller = new AbortController();
        const abort = setTimeout(() => controller.abort(), between(random, 1, 60));
        const method = random() < 0.5 ? 'GET' : 'POST';
        const service = {
          timeout: between(random, 10, 50) / 1_000,
          ...(random() < 0.3 ? { hedge: { delay: 0.005 } } : {}),
        };
        try {
          const response = await http.fetch(`http://${SERVICE}/`, {
            method,
            service,
            signal: controller.signal,
          });
          if (random() < 0.1) await response.body?.cancel();
          else await response.text();
        } catch {
          // How a call ends is not the question, only that it does.
        } finally {
          clearTimeout(abort);
        }
      };
      let left = calls;
      await Promise.all(
        Array.from({ length: CALLERS }, async () => {
          while (left-- > 0) await callOnce();
        }),
      );
      stage.figures.calls = calls;
      stage.figures.attempts = balancer.outcomes.length;
      await until('every call to be ended', () => balancer.inFlight === 0, { deadline: 15_000 }).catch(
        () => undefined,
      );
      const text = `Expected no call under way, found ${balancer.inFlight} of ${balancer.outcomes.length}.`;
      const finding = { promise: 'every call ends', who: SERVICE, at: monotonic(), text };
      return balancer.inFlight === 0 ? [] : [finding];
    } finally {
      await world.end();
    }
  },
};
