import { channel as diagnosticsChannel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS } from '../../common/diagnostics.js';
import { type DiagnosticsReport, type Report, WORKER_CHANNELS } from './protocol.js';

/** In the main thread: tells the worker which of its channels have subscribers here, one bit of `wanted[0]` each. */
export function noteSubscribers(wanted: Int32Array): void {
  let bits = 0;
  WORKER_CHANNELS.forEach((channel, index) => {
    if (CHANNELS[channel].hasSubscribers) bits |= 1 << index;
  });
  Atomics.store(wanted, 0, bits);
}

/**
 * In the worker: reports what is published in this thread on the channels that the main thread wants, in one message for all
 * that is published in one turn. Other channels have no subscriber here, so that nothing is made for them.
 */
export class DiagnosticsForwarder {
  private messages: DiagnosticsReport[] = [];
  private bits = 0;
  private readonly subscriptions = WORKER_CHANNELS.map((channel, index) => ({
    bit: 1 << index,
    name: CHANNELS[channel].name,
    listener: (message: unknown): void => {
      if (this.messages.length === 0) queueMicrotask(this.flush);
      this.messages.push({ channel, message });
    },
  }));

  /** @param wanted what {@link noteSubscribers} writes */
  constructor(
    private readonly report: (report: Report) => void,
    private readonly wanted: Int32Array,
  ) {}

  /** Subscribes to the channels that the main thread wants now, and to no other. */
  update(): void {
    const bits = Atomics.load(this.wanted, 0);
    if (bits === this.bits) return;
    for (const { bit, name, listener } of this.subscriptions) {
      if ((bits & bit) === (this.bits & bit)) continue;
      if ((bits & bit) === 0) unsubscribe(name, listener);
      else subscribe(name, listener);
    }
    this.bits = bits;
  }

  private readonly flush = (): void => {
    const { messages } = this;
    this.messages = [];
    this.report({ kind: 'diagnostics', messages });
  };
}

/** In the main thread: publishes what the worker has reported. */
export function publishForwarded(messages: readonly DiagnosticsReport[]): void {
  for (const { channel, message } of messages) {
    const { hasSubscribers, name } = CHANNELS[channel];
    if (hasSubscribers) diagnosticsChannel(name).publish(Object.freeze(message));
  }
}
