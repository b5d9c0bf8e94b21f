import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Server } from 'node:http';

/** Milliseconds that requests under way have to end. */
const GRACE = 1_000;

/** Browsers keep connections open on which they ask for nothing: without this, each would hold up the end. */
@Injectable()
export class LastConnections implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  beforeApplicationShutdown(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    const timer = setTimeout(() => server.closeAllConnections(), GRACE);
    server.once('close', () => clearTimeout(timer));
  }
}
