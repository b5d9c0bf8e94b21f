import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks(['SIGTERM', 'SIGINT']); // deregister before the server closes
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
process.send?.(await app.getUrl()); // to the launcher of the samples
