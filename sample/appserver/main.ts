import { serve } from '../serve.js';
import { AppserverModule } from './appserver.module.js';

// Any free port will do: the registry tells the others which one it is.
await serve(AppserverModule, '0');
