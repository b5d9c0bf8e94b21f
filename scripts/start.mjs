/** `npm start`: installs, builds and runs the sample of HTTP, gRPC and TCP. `npm run sample` runs the others. */
import { play } from './prepare/sample.mjs';

await play('05-http-grpc-tcp');
