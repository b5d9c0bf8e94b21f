import {
  Controller,
  Get,
  Res,
  ServiceUnavailableException,
  StreamableFile,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { contentSecurityPolicy } from './content-security-policy.js';
import { DashboardStreams, type StreamConnection } from './dashboard-streams.js';
import { type DashboardMount } from './dashboard.options.js';
import { readPage } from './page-source.js';

/** Where the page is mounted by default. */
export const DEFAULT_PATH = 'sidekick';

/** Makes the controller of one mount, since its path and guards are decorations of the class. */
export function dashboardController({
  path = DEFAULT_PATH,
  guards = [],
  guardPage = false,
}: DashboardMount): Type {
  const guarded = guards.length > 0 ? UseGuards(...guards) : () => undefined;
  const html = readPage();
  const policy = contentSecurityPolicy(html);

  @Controller({ path, version: VERSION_NEUTRAL })
  class SidekickDashboardController {
    constructor(
      private readonly streams: DashboardStreams,
      private readonly host: HttpAdapterHost,
    ) {}

    /** The page: the same file for everyone, without data. */
    @Get()
    @(guardPage ? guarded : () => undefined)
    page(@Res({ passthrough: true }) response: unknown): StreamableFile {
      this.setHeaders(response, {
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      });
      return new StreamableFile(Buffer.from(html), { type: 'text/html; charset=utf-8' });
    }

    /** The state of the application, and each change of it, as server-sent events. */
    @Get('events')
    @guarded
    events(@Res({ passthrough: true }) response: unknown): StreamableFile {
      const stream = this.streams.open(connectionOf(response));
      if (!stream) throw new ServiceUnavailableException('The application is closing.');
      this.setHeaders(response, {
        // Without no-transform, compression holds the events back.
        'cache-control': 'no-store, no-transform',
        // Without it, nginx buffers the events.
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
        connection: 'close',
      });
      return new StreamableFile(stream, { type: 'text/event-stream; charset=utf-8' });
    }

    private setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
      for (const [name, value] of Object.entries(headers))
        this.host.httpAdapter.setHeader(response, name, value);
    }
  }
  return SidekickDashboardController;
}

/** Node's response, which Fastify has in a reply of its own. */
function connectionOf(response: unknown): StreamConnection {
  const { raw } = response as { readonly raw?: StreamConnection };
  return raw ?? (response as StreamConnection);
}
