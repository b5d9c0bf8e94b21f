import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Logger } from '../common/logger.js';
import { type ServiceOptions } from './piloted.options.js';

/** The ContainerPilot file of an application, where it has one. */
export class PilotedConfig {
  private loaded: ContainerPilotConfig | undefined;

  /**
   * @param path as the module's option `config`
   */
  constructor(
    private readonly path: string | undefined,
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly logger: Logger,
  ) {}

  /** What the file says, or undefined where the application has none. */
  get current(): ContainerPilotConfig | undefined {
    return this.loaded;
  }

  /** The watches of the file, as services: the first of each name. */
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
   * Reads the file, where the application has one. The language of such files is loaded with the first.
   *
   * @throws ConfigError when there should be a file and it cannot be used
   */
  async load(): Promise<void> {
    const path = this.path ?? (this.env.CONTAINERPILOT?.trim() ? '' : undefined);
    if (path === undefined) return;
    const { loadContainerPilot } = await import('../containerpilot/load.js');
    this.loaded = loadContainerPilot(path, this.env);
    for (const warning of this.loaded.warnings) this.logger.warn(warning);
  }

  /** Reads the file again. One that is broken is reported, and what was read before goes on. */
  async reload(): Promise<void> {
    const registry = JSON.stringify(this.loaded?.registry);
    try {
      await this.load();
    } catch (error) {
      this.logger.error(`The configuration stays as it was: ${(error as Error).message}`);
      return;
    }
    if (registry !== JSON.stringify(this.loaded?.registry))
      this.logger.warn('The configuration names another registry now, which is used from the next start on.');
  }
}
