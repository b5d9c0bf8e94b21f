import { joinHostPort } from '../common/address.js';
import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type Clock } from '../common/clock.js';
import { pause } from '../common/async/deadline.js';
import { expected } from '../common/expected.js';
import { type Logger } from '../common/logger.js';
import { acceptsConnections } from './accepts-connections.js';
import { type OwnInstance } from '../nest/own-instance.js';
import { announcedAddress, type Bound, uniqueId } from './announcement.js';
import { OverdueWarning } from './overdue-warning.js';
import { type PlannedService } from './planned-service.js';
import { SIDEKICK_DEFAULTS } from './sidekick.defaults.js';
import { type Sidekick } from './sidekick.service.js';

/** Waits between two checks for an address or a port. */
const POLL_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 1_000 });

/** Milliseconds after the boot before `service.port` is probed, so that `app.listen()` comes first. */
const LISTEN_GRACE_MS = 1_000;

export interface RegistrationDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sidekick: Sidekick;
  /** Whether a failure fails the boot; false: it is retried. */
  readonly failFast: boolean;
  /** Aborts every wait. */
  readonly shutdown: AbortSignal;
  /** Called when the first write has succeeded or failed. */
  readonly onSettled: () => void;
}

/** Registers one planned service once its port accepts connections, and warns when that takes too long. */
export class ServiceRegistration {
  private readonly planned: PlannedService;
  private readonly key: string;
  private readonly overdue: OverdueWarning;
  private readonly probing = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private isBegun = false;

  constructor(
    private readonly deps: RegistrationDeps,
    planned: PlannedService,
  ) {
    const { id, port, ...others } = planned.service;
    // The same id for every attempt. A port of null, as an empty value of YAML makes it, is left out.
    const service = { ...others, id: id ?? uniqueId(), ...(typeof port === 'number' && { port }) };
    this.planned = { ...planned, service };
    this.key = `${service.name}/${service.id}`;
    this.overdue = new OverdueWarning(deps.clock, (reason) => {
      deps.sidekick.warnWaiting(this.key, `Service "${service.name}" is not registered yet: ${reason}`);
    });
  }

  /** The instance as other modules of the application know it. */
  get instance(): OwnInstance {
    const { name, id = '', zone } = this.planned.service;
    return { service: name, id, zone };
  }

  /** Seconds the entry outlives its last renewal. */
  get ttl(): number {
    return this.planned.options.ttl ?? SIDEKICK_DEFAULTS.ttl;
  }

  /** Whether the server accepts connections, so that the first write has started or will start. */
  get begun(): boolean {
    return this.isBegun;
  }

  /** @throws InvalidOptionError without a port and without a server to take it from */
  checkPort(hasServer: boolean): void {
    const { port } = this.planned.service;
    if (port !== undefined || hasServer) return;
    throw expected(
      'service.port',
      'given where there is no HTTP, TCP or gRPC server of this application to take it from',
      port,
    );
  }

  /**
   * Checks the address, unless it depends on the server of this application.
   *
   * @param hasServer whether the application has a server
   * @throws NoAddressError
   */
  checkAddress(hasServer: boolean): void {
    const { service } = this.planned;
    if (hasServer && service.interfaces === undefined) return;
    announcedAddress(service, undefined);
  }

  /** Called after the boot. Next come `app.listen()`, or connections to a server that Nest does not know. */
  booted(hasServer: boolean): void {
    const { port } = this.planned.service;
    if (hasServer) {
      const advice = port === undefined ? ', or set `service.port` to the port of another server' : '';
      this.overdue.waitingFor(`the application does not listen; call app.listen()${advice}.`);
    }
    if (port !== undefined) this.probe(port, hasServer ? LISTEN_GRACE_MS : 0);
  }

  /**
   * Called when the server of this application listens. Resolves after the first write if that can fail the boot.
   *
   * @throws the error that fails the boot
   */
  async listening(bound: Bound | undefined): Promise<void> {
    const { service, options, probed } = this.planned;
    // A port of its own is probed already.
    if (probed && service.port !== undefined && service.port !== bound?.port) return;
    const port = bound?.port ?? service.port;
    if (port === undefined) {
      this.refuse(
        expected('service.port', 'given where the server listens on no port to take it from', port),
      );
      return;
    }
    const register = (): Promise<void> =>
      this.register({ address: bound?.address ?? '', port }, this.deps.failFast);
    // A registration that is retried must not delay `app.listen()`.
    if (this.deps.failFast || options.exclusive === true) await register();
    else this.track(register);
  }

  /** Resolves when all work has ended. Called after `shutdown` was aborted. */
  async close(): Promise<void> {
    this.overdue.end();
    this.probing.abort();
    await Promise.all(this.running);
  }

  private probe(port: number, delay: number): void {
    const { clock, shutdown } = this.deps;
    const signal = AbortSignal.any([shutdown, this.probing.signal]);
    const bound: Bound = { address: '', port };
    const start = clock.now() + delay;
    this.track(async () => {
      const accepting = await this.retry(signal, async () => {
        const address = clock.now() < start ? undefined : this.addressFor(bound);
        if (address === undefined) return false;
        this.overdue.waitingFor(
          `${joinHostPort(address, port)} accepts no connection yet; is the server listening on another host?`,
        );
        return await acceptsConnections(address, port, signal);
      });
      // The boot is over and can no longer fail.
      if (accepting) await this.register(bound, false);
    });
  }

  private async register(bound: Bound, failFast: boolean): Promise<void> {
    if (this.isBegun) return;
    this.isBegun = true;
    this.probing.abort();
    if (failFast) announcedAddress(this.planned.service, bound);
    if (this.addressFor(bound) !== undefined) {
      await this.announce(bound, failFast);
      return;
    }
    // Without `failFast` the boot continues while the address is retried.
    this.overdue.now();
    this.track(async () => {
      const { shutdown } = this.deps;
      const found = (): Promise<boolean> => Promise.resolve(this.addressFor(bound) !== undefined);
      if (await this.retry(shutdown, found)) await this.announce(bound, false);
    });
  }

  private async announce(bound: Bound, failFast: boolean): Promise<void> {
    const { sidekick, shutdown, onSettled } = this.deps;
    const { service, options, hints } = this.planned;
    if (shutdown.aborted) return;
    const asked = service.ready === undefined ? '' : '`service.ready` has not answered, or ';
    this.overdue.waitingFor(`${asked}the registry has not acknowledged the first write yet.`);
    try {
      await sidekick.announcePrimary(service, bound, { ...options, failFast }, hints);
    } finally {
      this.overdue.end();
      onSettled();
    }
  }

  private addressFor(bound: Bound): string | undefined {
    try {
      return announcedAddress(this.planned.service, bound);
    } catch (error) {
      this.overdue.waitingFor((error as Error).message);
      return undefined;
    }
  }

  /** Retries until `look` returns true. Returns false when `signal` is aborted first. */
  private async retry(signal: AbortSignal, look: () => Promise<boolean>): Promise<boolean> {
    const backoff = new Backoff(POLL_BACKOFF);
    while (!(await look())) {
      await pause(this.deps.clock, backoff.next(), signal).catch(() => undefined);
      if (signal.aborted) return false;
    }
    return true;
  }

  private refuse(error: Error): void {
    if (this.deps.failFast) throw error;
    this.failed(error);
  }

  private failed(error: Error): void {
    this.overdue.end();
    this.deps.logger.error(`Service "${this.planned.service.name}" is not registered: ${error.message}`);
  }

  /** Runs in the background. A failure has no caller, so it is logged. */
  private track(run: () => Promise<void>): void {
    const running = run()
      .catch((error: unknown) => {
        if (!this.deps.shutdown.aborted) this.failed(error as Error);
      })
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }
}
