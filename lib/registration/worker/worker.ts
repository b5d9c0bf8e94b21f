import { parentPort, workerData } from 'node:worker_threads';
import { LocalRegistrar } from '../local-registrar.js';
import { clockTicker } from '../ticker.js';
import { systemClock } from '../../common/clock.js';
import { ElectionHost } from '../../election/worker/election-host.js';
import { type LogFields, type Logger } from '../../common/logger.js';
import { registrySource } from '../../registries/registry-url.js';
import { observedRegistry } from '../../registry/observed-registry.js';
import { isConnected } from '../../registry/shared-connection.js';
import { failureOf } from './failure.js';
import { PULSE_INTERVAL_MS, watchPulse } from './hang-watch.js';
import { type Report, type Request, type WorkerSettings } from './protocol.js';
import { DiagnosticsForwarder } from './worker-diagnostics.js';
import { WorkerHost } from './worker-host.js';

const settings = workerData as WorkerSettings;
const port = parentPort;
if (!port) throw new Error('This file runs only as the worker thread of `isolate`.');

const report = (message: Report): void => {
  port.postMessage(message);
};
const level = (name: 'log' | 'warn' | 'debug') => (message: string, fields?: LogFields) => {
  report({ kind: 'log', level: name, message, fields });
};
const logger: Logger = {
  log: level('log'),
  warn: level('warn'),
  error: (message, stack, fields) => {
    report({ kind: 'log', level: 'error', message, stack, fields });
  },
  debug: level('debug'),
};

const diagnostics = new DiagnosticsForwarder(report, settings.wantedChannels);
diagnostics.update();

const { applicationId } = settings;
const deps = { clock: systemClock, random: Math.random, logger };
const opened = await registrySource(settings.registry, {})
  .open(deps)
  .catch((error: unknown) => {
    report({ kind: 'failed', failure: failureOf(error) });
    throw error;
  });
const registry = observedRegistry(opened, { clock: systemClock, applicationId });
const registrar = new LocalRegistrar({
  ...deps,
  registry,
  ticker: clockTicker(systemClock),
  name: settings.name,
  applicationId,
});
const connection = () => ({ driver: opened.driver, connected: isConnected(opened) });
const elections = new ElectionHost({
  ...deps,
  registry,
  name: settings.name,
  aliveMs: settings.maxHangMs + PULSE_INTERVAL_MS,
  report,
});
const host = new WorkerHost(registrar, systemClock, connection, elections, report);

// Lasts until the main thread terminates this one.
watchPulse(systemClock, settings.pulse, settings.maxHangMs, {
  onBeat: () => {
    diagnostics.update();
    elections.beat();
  },
  onHang: () => {
    logger.warn(
      `The main thread has hung for ${settings.maxHangMs / 1000} s; deregistering all entries, and leading no election, until it recovers.`,
    );
    void host.pauseAll();
  },
  onBack: () => {
    host.resumeAll();
  },
});

port.on('message', ({ number, request }: { readonly number: number; readonly request: Request }) => {
  diagnostics.update();
  void host.handle(number, request);
});
