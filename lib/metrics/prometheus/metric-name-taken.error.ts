import { SidekickError } from '../../common/errors/index.js';

/** The application has registered a metric of its own by a name of this library. */
export class MetricNameTakenError extends SidekickError {
  readonly code = 'SIDEKICK_METRIC_NAME_TAKEN';

  constructor(readonly metric: string) {
    super(
      `The register has a metric "${metric}" that SidekickMetricsModule did not create. ` +
        'Rename that metric, or give SidekickMetricsModule a `register` of its own.',
    );
  }
}
