import http from 'node:http';
import { type Happening } from '../recording/event.js';
import { type RequestSettings } from './settings.js';

/** The function that returns an endpoint. */
interface Discovery {
  pick(service: string): { readonly id: string; readonly address: string; readonly port: number };
}

/** Milliseconds one request may take. */
const REQUEST_TIMEOUT = 5_000;

/** Milliseconds between a caller's requests, and between two tellings of how many were answered. */
const PAUSE = 5;
const TELL_EVERY = 250;

/** Sends requests to a service all the time, each to the endpoint that the library picks, over connections it keeps. */
export class Caller {
  private readonly agent: http.Agent;
  private readonly callers: readonly Promise<void>[];
  private readonly telling: NodeJS.Timeout;
  private answered: Record<string, number> = {};
  private ended = false;

  constructor(
    private readonly discovery: Discovery,
    private readonly settings: RequestSettings,
    private readonly tell: (happening: Happening) => void,
  ) {
    this.agent = new http.Agent({ keepAlive: true, maxSockets: settings.atOnce });
    this.callers = Array.from({ length: settings.atOnce }, async () => await this.call());
    this.telling = setInterval(() => this.tellAnswered(), TELL_EVERY);
  }

  /** Sends no further request; resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.ended = true;
    await Promise.all(this.callers);
    clearInterval(this.telling);
    this.tellAnswered();
    this.agent.destroy();
  }

  private async call(): Promise<void> {
    while (!this.ended) {
      await this.once();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  private async once(): Promise<void> {
    const { service } = this.settings;
    let endpoint = 'none';
    try {
      const { id, address, port } = this.discovery.pick(service);
      endpoint = `${id} at ${address}:${port}`;
      const by = await this.request(address, port);
      this.answered[by] = (this.answered[by] ?? 0) + 1;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.tell({ kind: 'request-failed', service, endpoint, detail });
    }
  }

  /** @returns the instance that answered */
  private async request(host: string, port: number): Promise<string> {
    return await new Promise<string>((resolve, reject) => {
      const request = http.get({ host, port, path: '/slow', agent: this.agent, timeout: REQUEST_TIMEOUT });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${REQUEST_TIMEOUT} ms`)));
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('error', reject);
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`status ${response.statusCode ?? 0}`));
        });
      });
    });
  }

  private tellAnswered(): void {
    const { service } = this.settings;
    if (Object.keys(this.answered).length > 0)
      this.tell({ kind: 'requests-answered', service, by: this.answered });
    this.answered = {};
  }
}
