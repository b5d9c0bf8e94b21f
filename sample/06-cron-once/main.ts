import { serve } from '../common/serve.js';
import { WorkerModule } from './worker.module.js';

await serve(WorkerModule);
