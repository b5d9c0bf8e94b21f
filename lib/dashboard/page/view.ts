import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ElectionRow, JournalRow, RegistrationRow, RegistryRow } from '../rows.js';
import type { ConnectionState } from './event-source.js';
import type { Model, ServiceView } from './model.js';
import { escapeControls } from '../../common/escape.js';
import { filtered, serviceSection } from './service-section.js';
import { duration, timeOf } from './text.js';

/** What the reader does on the page. */
export interface Actions {
  readonly filter: (text: string) => void;
  readonly useToken: (token: string) => void;
}

/** The state of the page apart from the server's rows. */
export interface PageState {
  readonly connection: ConnectionState;
  readonly filter: string;
}

export function page(model: Model, state: PageState, actions: Actions): TemplateResult {
  const { application } = model;
  return html`
    <a class="skip" href="#services">Skip to the services</a>
    <header>
      <h1>${application ? escapeControls(application.title) : 'nestjs-sidekick'}</h1>
      <p class="meta">
        ${
          application
            ? html`${escapeControls(application.host)}, process ${application.pid}, up
              ${duration(model.now - application.startedAt)}`
            : nothing
        }
      </p>
      ${connection(state.connection)}
    </header>
    ${state.connection.name === 'forbidden' ? tokenForm(state.connection.status, actions) : nothing}
    <div class="banners" role="status">${banners(model, state.connection)}</div>
    ${model.loaded ? main(model, state, actions) : nothing}
  `;
}

function connection(state: ConnectionState): TemplateResult {
  const [className, text] = {
    connecting: ['wait', 'Connecting'],
    open: ['good', 'Live'],
    waiting: ['bad', 'Not connected'],
    forbidden: ['bad', 'Not signed in'],
  }[state.name] as [string, string];
  return html`<p class="connection"><span class="badge ${className}">${text}</span></p>`;
}

function tokenForm(status: number, actions: Actions): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof token === 'string' && token.trim() !== '') actions.useToken(token.trim());
  };
  return html`
    <form class="token" @submit=${submit}>
      <label for="token">
        ${status === 401 ? 'This application asks for a token.' : 'The token has no access to this page.'} It
        is sent as <code>Authorization: Bearer …</code> and kept until this tab closes.
      </label>
      <input id="token" name="token" type="password" autocomplete="off" required />
      <button>Sign in</button>
    </form>
  `;
}

function banners(model: Model, state: ConnectionState): readonly TemplateResult[] {
  const list: TemplateResult[] = [];
  if (state.name === 'waiting' && model.loaded)
    list.push(
      banner(
        html`<strong>This page is out of date.</strong> ${state.reason} It reconnects by itself; what is below
          is the last known state.`,
      ),
    );
  else if (state.name === 'waiting')
    list.push(banner(html`<strong>No data yet.</strong> ${state.reason} The page tries again by itself.`));
  const stale = model.services.filter(({ row }) => row.stale);
  if (model.loaded && stale.length > 0) list.push(banner(staleText(model, stale)));
  for (const { row } of model.services.filter((service) => service.row.panic))
    list.push(
      banner(
        html`<strong>Fewer than half of the endpoints of ${escapeControls(row.name)} are healthy.</strong> All
          of them are picked again, healthy or not, until enough recover. Look at that service first.`,
      ),
    );
  return list;
}

function banner(content: TemplateResult): TemplateResult {
  return html`<p class="banner">${content}</p>`;
}

function staleText(model: Model, stale: readonly ServiceView[]): TemplateResult {
  const names = stale.slice(0, 5).map(({ row }) => escapeControls(row.name));
  const more = stale.length > names.length ? ` and ${stale.length - names.length} more` : '';
  const since = Math.min(...stale.map(({ row }) => row.heardAt ?? Number.POSITIVE_INFINITY));
  const error = stale.find(({ row }) => row.error !== undefined)?.row.error;
  return html`<strong
      >${
        Number.isFinite(since)
          ? `The registry has not answered for ${duration(model.now - since)}`
          : 'The registry has not answered yet'
      }</strong
    >
    about ${names.join(', ')}${more}. Calls continue with the last known endpoints; instances that start or
    stop now are not seen.
    ${error === undefined ? nothing : html`The error is: <q>${escapeControls(error)}</q>.`} Check that the
    registry runs and can be reached from this host. This banner disappears by itself.`;
}

function main(model: Model, { filter }: PageState, actions: Actions): TemplateResult {
  const services = model.services
    .map((service) => filtered(service, filter))
    .filter((service) => service !== undefined);
  return html`
    <main>
      <section id="services" tabindex="-1" aria-labelledby="services-heading">
        <div class="heading">
          <h2 id="services-heading">Services</h2>
          <label class="filter">
            Filter
            <input
              type="search"
              .value=${filter}
              placeholder="name, id, address, zone or tag"
              @input=${(event: InputEvent) => {
                actions.filter((event.currentTarget as HTMLInputElement).value);
              }}
            />
          </label>
        </div>
        ${
          services.length === 0
            ? html`<p class="empty">
                ${model.services.length === 0 ? 'This application discovers no services.' : 'Nothing matches the filter.'}
              </p>`
            : repeat(
                services,
                ({ row }) => row.name,
                (service) => serviceSection(service, model),
              )
        }
      </section>
      ${registrations(model.registrations, model.now)} ${elections(model.elections, model.now)}
      ${registries(model.registries)} ${journal(model)}
    </main>
  `;
}

function registrations(rows: readonly RegistrationRow[], now: number): TemplateResult {
  return html`
    <section aria-labelledby="registrations-heading">
      <h2 id="registrations-heading">Own registrations</h2>
      ${
        rows.length === 0
          ? html`<p class="empty">This application registers nothing.</p>`
          : html`<ul class="cards">
              ${repeat(
                rows,
                ({ key }) => key,
                ({ key, state, acknowledgedAt, expiresAt }) => html`
                  <li>
                    <strong>${escapeControls(key)}</strong>
                    <span class="badge ${state === 'alive' ? 'good' : state === 'lost' ? 'bad' : 'wait'}"
                      >${state}</span
                    >
                    <span class="quiet">
                      ${
                        acknowledgedAt === undefined
                          ? 'not acknowledged yet'
                          : `acknowledged ${duration(now - acknowledgedAt)} ago`
                      }${
                        expiresAt === undefined
                          ? ''
                          : expiresAt > now
                            ? `, expires in ${duration(expiresAt - now)} unless renewed`
                            : ', expired'
                      }
                    </span>
                  </li>
                `,
              )}
            </ul>`
      }
    </section>
  `;
}

function elections(rows: readonly ElectionRow[], now: number): TemplateResult | typeof nothing {
  if (rows.length === 0) return nothing;
  return html`
    <section aria-labelledby="elections-heading">
      <h2 id="elections-heading">Elections</h2>
      <ul class="cards">
        ${repeat(
          rows,
          ({ name }) => name,
          ({ name, isLeader, leader, term, since, state }) => html`
            <li>
              <strong>${escapeControls(name)}</strong>
              <span class="badge ${isLeader ? 'good' : 'wait'}">${isLeader ? 'leads here' : state}</span>
              <span class="quiet">
                ${
                  leader === undefined
                    ? 'no leader known'
                    : `leader ${escapeControls(leader)}${term === undefined ? '' : `, term ${term}`}${since === undefined ? '' : `, for ${duration(now - since)}`}`
                }
              </span>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

function registries(rows: readonly RegistryRow[]): TemplateResult | typeof nothing {
  if (rows.length === 0) return nothing;
  return html`
    <section aria-labelledby="registries-heading">
      <h2 id="registries-heading">Registries</h2>
      <ul class="cards">
        ${rows.map(
          ({ name, usedBy, members }) => html`
            <li>
              <strong>${escapeControls(name)}</strong>
              <span class="quiet">used by ${usedBy.join(' and ')}</span>
              ${members.map(
                ({ address, inUse }) =>
                  html`<span class="badge ${inUse ? 'good' : 'wait'}"
                    >${escapeControls(address)}${inUse ? ', in use' : ''}</span
                  >`,
              )}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

function journal(model: Model): TemplateResult {
  const lines = model.journal;
  return html`
    <section aria-labelledby="journal-heading">
      <h2 id="journal-heading">Journal</h2>
      ${
        lines.length === 0
          ? html`<p class="empty">Nothing has changed since the start.</p>`
          : html`<ol class="journal" role="list" tabindex="0" aria-labelledby="journal-heading">
              ${repeat(
                lines,
                ({ key }) => key,
                ({ line }) => guard([line], () => journalLine(line)),
              )}
            </ol>`
      }
    </section>
  `;
}

function journalLine({ at, topic, level, subject, text }: JournalRow): TemplateResult {
  return html`<li class=${level}>
    <time datetime=${new Date(at).toISOString()}>${timeOf(at)}</time>
    <span class="topic">${topic}</span>
    <strong>${escapeControls(subject)}</strong>
    <span>${escapeControls(text)}</span>
  </li>`;
}
