import { type Timer } from '../common/clock.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { AnswerPacing } from './answer-pacing.js';
import { type Address, ChannelTarget, TARGET_OPTION } from './channel-target.js';
import { type GrpcPackage } from './grpc-package.js';
import { giveAnswer, type ResolverListener } from './resolver-answer.js';

/** The scheme of the targets that the resolver handles. */
export const SCHEME = 'sidekick';

/** The target of a channel to a service: `sidekick:///hero`. */
export function targetOf(service: string): string {
  return `${SCHEME}:///${service}`;
}

/** A parsed target. */
interface Target {
  readonly path: string;
}

/** The copies of grpc-js in which the resolver is registered. */
const registered = new WeakSet<object>();

/** Registers the resolver for `sidekick:` targets in a copy of grpc-js. A second call does nothing. */
export function registerServiceResolver(grpc: GrpcPackage): void {
  if (registered.has(grpc)) return;
  registered.add(grpc);
  class Resolver extends ServiceResolver {
    constructor(target: Target, listener: ResolverListener, options: Readonly<Record<string, unknown>>) {
      super(grpc, target, listener, options);
    }
  }
  // Its listener has another type in each range of versions.
  grpc.experimental.registerResolver(SCHEME, Resolver as never);
}

/**
 * Answers grpc-js with the endpoints of a service: whenever they change, and when it asks, as {@link AnswerPacing}
 * allows. It follows the service between `updateResolution` and `destroy`, which grpc-js also calls when a channel
 * becomes idle, on an object that it uses again.
 */
export class ServiceResolver {
  private readonly target: ChannelTarget;
  private readonly pacing = new AnswerPacing();
  private readonly ownConfig: boolean;
  private unsubscribe: (() => void) | undefined;
  private timer: { readonly repeated: boolean; readonly timer: Timer } | undefined;
  /** The addresses of the last answer; undefined when grpc-js has forgotten them. */
  private answered: readonly Address[] | undefined;
  /** Whether the first list of the service is waited for. */
  private isWaiting = false;
  private hasWaited = false;

  constructor(
    private readonly grpc: Pick<GrpcPackage, 'Metadata' | 'status'>,
    { path }: Target,
    private readonly listener: ResolverListener,
    options: Readonly<Record<string, unknown>>,
  ) {
    const target = options[TARGET_OPTION];
    if (!(target instanceof ChannelTarget))
      throw new InvalidOptionError(
        `Expected the channel options of "${targetOf(path)}" to be those of grpcService(), got others. Create the client with the result of grpcService(handle, options).`,
      );
    this.target = target;
    this.ownConfig = options['grpc.service_config'] !== undefined;
  }

  /** Called by grpc-js: the authority of calls, and the name in the server's certificate. */
  static getDefaultAuthority({ path }: Target): string {
    return path;
  }

  /** Called by grpc-js: requests an answer, which never comes before this call returns. */
  updateResolution(): void {
    this.unsubscribe ??= this.target.subscribe(() => {
      // Each answer restarts the order of round robin: a change of a weight alone needs none.
      if (!this.isWaiting && !sameAddresses(this.target.addresses, this.answered)) this.schedule(false);
    });
    if (this.isWaiting || this.wait()) return;
    const { addresses } = this.target;
    // Calls on an empty list wait for an answer: it must not be spaced further.
    this.schedule(addresses.length > 0 && sameAddresses(addresses, this.answered));
  }

  /** Called by grpc-js: ends the answers until the next {@link updateResolution}. */
  destroy(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    this.timer?.timer.cancel();
    this.timer = undefined;
    this.answered = undefined;
  }

  /**
   * Waits for the first list of a service that has none. Until the answer, grpc-js keeps calls as it does while it connects;
   * an empty list would end them. Once only: calls without a list fail at once when it does not come.
   *
   * @returns whether it waits
   */
  private wait(): boolean {
    const firstList = this.hasWaited ? undefined : this.target.firstList();
    if (!firstList) return false;
    this.isWaiting = true;
    void firstList.then(() => {
      this.isWaiting = false;
      this.hasWaited = true;
      if (this.unsubscribe) this.schedule(false);
    });
    return true;
  }

  private schedule(repeated: boolean): void {
    if (this.timer && (repeated || !this.timer.repeated)) return;
    this.timer?.timer.cancel();
    const { clock } = this.target;
    const delayMs = this.pacing.delayMs(clock.now(), repeated);
    this.timer = {
      repeated,
      timer: clock.after(delayMs, () => {
        this.timer = undefined;
        this.answer();
      }),
    };
  }

  private answer(): void {
    const { addresses, clock } = this.target;
    this.pacing.answered(clock.now(), addresses.length > 0 && sameAddresses(addresses, this.answered));
    this.answered = addresses;
    const note = addresses.length === 0 ? this.target.reason : '';
    giveAnswer(this.listener, { addresses, note, ownConfig: this.ownConfig }, this.grpc);
  }
}

function sameAddresses(one: readonly Address[], other: readonly Address[] | undefined): boolean {
  return (
    one.length === other?.length &&
    one.every(({ host, port }, index) => host === other[index]?.host && port === other[index].port)
  );
}
