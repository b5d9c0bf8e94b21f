import { serve } from '../serve.js';
import { AppserverModule } from './appserver.module.js';

// Any free port: other processes read the port from the registry.
await serve(AppserverModule, '0');
