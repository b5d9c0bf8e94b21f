import { type Logger } from '../common/logger.js';
import { countEvents } from './application-events.js';
import { type ApplicationSources, readState } from './application-state.js';
import { type Exposition } from './exposition.js';

/** Dependencies of {@link ApplicationMetrics}. */
export interface ApplicationMetricsDeps {
  /** Nest's `applicationId`, whose messages are counted. */
  readonly applicationId: string;
  readonly sources: ApplicationSources;
  readonly logger: Logger;
  readonly instanceLabel: boolean;
}

/** Reports the metrics of one application, until it shuts down. */
export class ApplicationMetrics {
  private readonly ends: (() => void)[] = [];
  private readonly reported = new Set<Exposition>();
  private ended = false;

  constructor(private readonly deps: ApplicationMetricsDeps) {}

  /**
   * Begins to report to `exposition`. A second call does nothing: Nest runs the hooks twice when a microservice is
   * initialised before it listens. Nor does a call after {@link end}: the boot may have been closed meanwhile.
   */
  reportTo(exposition: Exposition): void {
    if (this.ended || this.reported.has(exposition)) return;
    this.reported.add(exposition);
    const { applicationId, sources, logger, instanceLabel } = this.deps;
    this.ends.push(
      exposition.attach({ logger, read: () => readState(sources, instanceLabel) }),
      countEvents(applicationId, exposition, instanceLabel),
    );
  }

  /** Ends the gauges of the application. Its counts remain. */
  end(): void {
    this.ended = true;
    for (const end of this.ends.splice(0)) end();
  }
}
