import { render } from 'lit-html';
import { type ConnectionState, EventStream } from './event-source.js';
import { Model } from './model.js';
import { page } from './view.js';

/** Key of the token in the tab's storage. */
const TOKEN = 'nestjs-sidekick:token';

/** Ages are shown in seconds. */
const TICK_MS = 1_000;

const model = new Model();
let connection: ConnectionState = { name: 'connecting' };
let filter = '';
let scheduled = false;

const root = document.createElement('div');
document.body.append(root);

function refresh(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    render(page(model, { connection, filter }, { filter: setFilter, useToken }), root);
    document.title = model.application?.title ?? 'nestjs-sidekick';
  });
}

function setFilter(text: string): void {
  filter = text;
  refresh();
}

function useToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
  stream.use(token);
}

// The page may be opened with and without a slash at its end.
const stream = new EventStream(
  `${location.pathname.replace(/\/$/, '')}/events`,
  (state) => {
    connection = state;
    refresh();
  },
  (message) => {
    model.apply(message);
    refresh();
  },
  sessionStorage.getItem(TOKEN) ?? undefined,
);
void stream.run();
setInterval(refresh, TICK_MS);
