import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ElectionRow, EndpointRow, JournalRow, RegistrationRow, RegistryRow } from '../rows.js';
import type { ConnectionState } from './event-source.js';
import type { Model, ServiceView } from './model.js';
import { escapeControls } from '../../common/escape.js';
import { count, duration, milliseconds, percent, timeOf } from './text.js';

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
    about ${names.join(', ')}${more}. Calls go on with the last known endpoints; instances that start or stop
    now are not seen. ${error === undefined ? nothing : html`The error is: <q>${escapeControls(error)}</q>.`}
    Check that the registry runs and can be reached from this host. This banner disappears by itself.`;
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

/** The service with the endpoints that match; undefined when nothing does. */
function filtered(service: ServiceView, filter: string): ServiceView | undefined {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '' || service.row.name.toLowerCase().includes(wanted)) return service;
  const endpoints = service.endpoints.filter((row) =>
    [row.id, `${row.address}:${row.port}`, row.zone ?? '', ...row.tags].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
  return endpoints.length > 0 ? { row: service.row, endpoints } : undefined;
}

function serviceSection({ row, endpoints }: ServiceView, model: Model): TemplateResult {
  const ejected = endpoints.filter(({ state }) => state === 'ejected').length;
  const age = row.heardAt === undefined ? 'never heard' : `${duration(model.now - row.heardAt)} old`;
  return html`
    <details class="service" open>
      <summary>
        <h3>${escapeControls(row.name)}</h3>
        <span>${count(endpoints.length, 'endpoint')}</span>
        ${ejected > 0 ? html`<span class="badge bad">${ejected} ejected</span>` : nothing}
        ${row.stale ? html`<span class="badge bad">stale</span>` : nothing}
        <span class="quiet">list ${row.revision}, ${age}${row.balancer ? `, ${row.balancer}` : ''}</span>
        ${row.history ? calls(row.history, row.name) : nothing}
      </summary>
      ${
        endpoints.length === 0
          ? html`<p class="empty">No endpoints: calls fail with <code>NoEndpointsError</code>.</p>`
          : html`
              <table role="table">
                <caption class="hidden">
                  Endpoints of ${escapeControls(row.name)}
                </caption>
                <thead role="rowgroup">
                  <tr role="row">
                    ${['Instance', 'Address', 'State', 'Zone', 'Weight', 'In flight', 'Latency', 'Share'].map(
                      (title, column) =>
                        html`<th role="columnheader" scope="col" class=${column > 3 ? 'number' : ''}>
                          ${title}
                        </th>`,
                    )}
                  </tr>
                </thead>
                <tbody role="rowgroup">
                  ${repeat(
                    endpoints,
                    ({ id }) => id,
                    (endpoint) => guard([endpoint], () => endpointRow(endpoint)),
                  )}
                </tbody>
              </table>
            `
      }
    </details>
  `;
}

function endpointRow(row: EndpointRow): TemplateResult {
  const title = row.tags.length > 0 ? `tags: ${row.tags.map(escapeControls).join(', ')}` : '';
  const failed = row.failures ? `, ${row.failures} failed` : '';
  return html`
    <tr role="row" class=${row.state}>
      <th role="rowheader" scope="row" title=${title}>${escapeControls(row.id)}</th>
      <td role="cell" data-label="Address">${escapeControls(row.address)}:${row.port}</td>
      <td role="cell" data-label="State">
        <span class="badge ${row.state === 'active' ? 'good' : 'bad'}">${row.state}</span>
      </td>
      <td role="cell" data-label="Zone">${row.zone === undefined ? '–' : escapeControls(row.zone)}</td>
      <td role="cell" data-label="Weight" class="number">${row.weight}</td>
      <td role="cell" data-label="In flight" class="number">${row.inFlight ?? '–'}</td>
      <td role="cell" data-label="Latency" class="number">
        ${row.latencyMs === undefined ? '–' : milliseconds(row.latencyMs)}
      </td>
      <td role="cell" data-label="Share" class="number">
        ${
          row.share === undefined
            ? '–'
            : html`<span title="${count(row.calls ?? 0, 'call')} in the last minute${failed}"
                >${percent(row.share)}</span
              >`
        }
      </td>
    </tr>
  `;
}

const [WIDTH, HEIGHT] = [90, 20];

const calls = (history: readonly number[], service: string): unknown =>
  guard([history.join()], () => sparkline(history, service));

/** The calls of the last minute as a line. */
function sparkline(history: readonly number[], service: string): TemplateResult {
  const most = Math.max(1, ...history);
  const points = history.map(
    (value, index) =>
      `${((index / Math.max(1, history.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`,
  );
  const total = history.reduce((sum, value) => sum + value, 0);
  const label = `${count(total, 'call')} to ${escapeControls(service)} in the last minute`;
  return html`<svg class="sparkline" role="img" aria-label=${label} viewBox="0 0 ${WIDTH} ${HEIGHT}">
    ${svg`<polyline points=${points.join(' ')} />`}
  </svg>`;
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
