import http from 'node:http';
import https from 'node:https';

/** The certificates a client shows and trusts, as PEM texts. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for the whole exchange; 20,000 by default. */
  readonly timeout?: number;
  readonly tls?: ClientTls | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** One request on a connection of its own, which is closed after it: nothing is left open behind a test. */
export async function httpRequest(
  url: string,
  { method = 'GET', body, headers = {}, timeout = 20_000, tls }: HttpOptions = {},
): Promise<HttpAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const secure = url.startsWith('https:');
    const request = (secure ? https : http).request(url, {
      method,
      agent: false,
      headers: {
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
        connection: 'close',
      },
      ...(secure && tls ? tls : {}),
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`${method} ${url} was not answered within ${timeout} ms`));
    }, timeout);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(payload);
  });
}

/** Like {@link httpRequest}, for a JSON answer with a status of 200. */
export async function httpJson<T>(url: string, options: HttpOptions = {}): Promise<T> {
  const answer = await httpRequest(url, options);
  if (answer.status !== 200)
    throw new Error(
      `${options.method ?? 'GET'} ${url} answered ${answer.status}: ${answer.text.slice(0, 300)}`,
    );
  return JSON.parse(answer.text) as T;
}
