import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Logger } from '../common/logger.js';
import { type ServiceOptions } from './piloted.options.js';

/** The ContainerPilot file of an application, if it has one. */
export class PilotedConfig {
  private loaded: ContainerPilotConfig | undefined;

  /** @param path the module's option `config` */
  constructor(
    private readonly path: string | undefined,
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly logger: Logger,
  ) {}

  /** The content of the file; undefined when the application has none. */
  get current(): ContainerPilotConfig | undefined {
    return this.loaded;
  }

  /** The watches of the file as services. Of several watches with one name, only the first. */
  get services(): readonly ServiceOptions[] {
    const services = new Map<string, ServiceOptions>();
    for (const { name, interval, tag, dc } of this.loaded?.watches ?? []) {
      if (services.has(name)) continue;
      services.set(name, {
        name,
        interval,
        ...(tag === undefined ? {} : { tag }),
        ...(dc === undefined ? {} : { dc }),
      });
    }
    return [...services.values()];
  }

  /**
   * Reads the file, if the application has one. The parser is loaded only then.
   *
   * @throws ConfigError when the file is missing or invalid
   */
  async load(): Promise<void> {
    const path = this.path ?? (this.env.CONTAINERPILOT?.trim() ? '' : undefined);
    if (path === undefined) return;
    const { loadContainerPilot } = await import('../containerpilot/load.js');
    this.loaded = loadContainerPilot(path, this.env);
    for (const warning of this.loaded.warnings) this.logger.warn(warning);
  }

  /** Reads the file again. An invalid file is logged, and the configuration stays as it was. */
  async reload(): Promise<void> {
    const registry = JSON.stringify(this.loaded?.registry);
    try {
      await this.load();
    } catch (error) {
      this.logger.error(
        `Cannot reload the configuration, which stays as it was: ${(error as Error).message}`,
      );
      return;
    }
    if (registry !== JSON.stringify(this.loaded?.registry))
      this.logger.warn('The configuration names another registry; restart the application to use it.');
  }
}
