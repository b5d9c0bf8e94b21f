import { Controller, Get, Inject, type OnModuleInit } from '@nestjs/common';
import { type ClientGrpc, ClientProxy } from '@nestjs/microservices';
import { DiscoveryService, type Endpoint } from 'nestjs-sidekick';
import { ServiceHttp } from 'nestjs-sidekick/http';
import { type Observable, timeout } from 'rxjs';
import { APPSERVER_GRPC, APPSERVER_TCP } from './appserver.clients.js';

/** The gRPC service of `appserver.proto`. */
interface Appserver {
  index(request: object): Observable<unknown>;
}

/** An appserver that hangs is given up after a second, and the GET is sent to another one. */
const SERVICE = { timeout: 5, retry: { attempts: 3, perTryTimeout: 1 } };

/** Calls the next appserver, over each of the three protocols. */
@Controller()
export class GatewayController implements OnModuleInit {
  private appserver!: Appserver;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly http: ServiceHttp,
    @Inject(APPSERVER_GRPC) private readonly grpcClient: ClientGrpc,
    @Inject(APPSERVER_TCP) private readonly tcpClient: ClientProxy,
  ) {}

  onModuleInit(): void {
    this.appserver = this.grpcClient.getService<Appserver>('Appserver');
  }

  @Get()
  async index(): Promise<unknown> {
    const response = await this.http.fetch('http://appserver/', { service: SERVICE });
    return await response.json();
  }

  @Get('grpc')
  grpc(): Observable<unknown> {
    return this.appserver.index({}).pipe(timeout(SERVICE.timeout * 1_000));
  }

  @Get('tcp')
  tcp(): Observable<unknown> {
    return this.tcpClient.send('index', {}).pipe(timeout(SERVICE.timeout * 1_000));
  }

  /** Returns every watched service with its current instances. */
  @Get('services')
  services(): Record<string, readonly Endpoint[]> {
    return Object.fromEntries(this.discovery.names().map((name) => [name, this.discovery.endpoints(name)]));
  }
}
