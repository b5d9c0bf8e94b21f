import { type Agent as HttpAgent } from 'node:http';
import { type Agent as HttpsAgent } from 'node:https';

/** The part of axios that this library uses. The package has one set of types for ESM and one for CommonJS. */

/** `AxiosHeaders`. */
export interface AxiosHeadersLike {
  has(name: string): boolean;
  set(name: string, value: string): unknown;
}

/** What follow-redirects passes to `beforeRedirect`: the options of the next request. */
export interface RedirectOptions {
  protocol: string;
  hostname: string;
  host?: string | undefined;
  port?: string | number | null | undefined;
  href?: string | undefined;
  auth?: string | null | undefined;
  headers: Record<string, unknown> & { host?: unknown };
}

/** The response with the redirect. */
export interface RedirectResponse {
  readonly headers?: { readonly location?: string };
}

export type BeforeRedirect = (
  options: RedirectOptions,
  responseDetails: RedirectResponse,
  requestDetails: { readonly headers?: Readonly<Record<string, unknown>> } | undefined,
) => void;

/** `InternalAxiosRequestConfig`. */
export interface AxiosConfig {
  readonly url?: string;
  readonly baseURL?: string | undefined;
  readonly allowAbsoluteUrls?: boolean;
  readonly method?: string;
  readonly headers: AxiosHeadersLike;
  readonly auth?: { readonly username?: string; readonly password?: string } | undefined;
  readonly data?: unknown;
  readonly timeout?: number;
  readonly timeoutErrorMessage?: string;
  readonly signal?: AbortSignal;
  readonly cancelToken?: { readonly reason?: unknown };
  readonly responseType?: string;
  readonly httpVersion?: number;
  readonly socketPath?: string | null;
  /** False: a connection for this request alone. */
  readonly httpAgent?: HttpAgent | false | null;
  readonly httpsAgent?: HttpsAgent | false | null;
  readonly proxy?: unknown;
  readonly beforeRedirect?: BeforeRedirect;
  readonly service?: unknown;
}

/** `AxiosResponse`. */
export interface AxiosResponseLike {
  readonly status: number;
  readonly headers: { get?(name: string): unknown };
  readonly data: unknown;
  config: AxiosConfig;
}

/** `AxiosError`. */
export interface AxiosErrorLike extends Error {
  readonly isAxiosError?: boolean;
  readonly code?: string;
  config?: AxiosConfig;
  response?: AxiosResponseLike;
  status?: number;
}

export type AxiosAdapterFunction = (config: AxiosConfig) => Promise<AxiosResponseLike>;

/** The module `axios`, in one of its builds. */
export interface AxiosModule {
  readonly AxiosHeaders: abstract new (...args: never[]) => AxiosHeadersLike;
  readonly AxiosError: new (
    message: string,
    code: string | undefined,
    config: AxiosConfig,
    request?: unknown,
    response?: unknown,
  ) => AxiosErrorLike;
  readonly CanceledError: new (message: string | undefined, config: AxiosConfig) => Error;
  getAdapter(name: 'http', config: AxiosConfig): AxiosAdapterFunction;
}
