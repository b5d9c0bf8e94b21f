import { channel as diagnosticsChannel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS } from '../../common/diagnostics.js';
import { type DiagnosticsReport, type Report, WORKER_CHANNELS } from './protocol.js';

/**
 * In the worker: reports what is published in this thread, in one message for all that is published in one turn. Returns a
 * function that ends it.
 */
export function forwardDiagnostics(report: (report: Report) => void): () => void {
  let messages: DiagnosticsReport[] = [];
  const flush = (): void => {
    report({ kind: 'diagnostics', messages });
    messages = [];
  };
  const ends = WORKER_CHANNELS.map((channel) => {
    const { name } = CHANNELS[channel];
    const listener = (message: unknown): void => {
      if (messages.length === 0) queueMicrotask(flush);
      messages.push({ channel, message });
    };
    subscribe(name, listener);
    return () => void unsubscribe(name, listener);
  });
  return () => {
    for (const end of ends) end();
  };
}

/** In the main thread: publishes what the worker has reported. */
export function publishForwarded(messages: readonly DiagnosticsReport[]): void {
  for (const { channel, message } of messages) {
    const { hasSubscribers, name } = CHANNELS[channel];
    if (hasSubscribers) diagnosticsChannel(name).publish(Object.freeze(message));
  }
}
