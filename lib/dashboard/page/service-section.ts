import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { repeat } from 'lit-html/directives/repeat.js';
import { escapeControls } from '../../common/escape.js';
import type { EndpointRow } from '../rows.js';
import type { Model, ServiceView } from './model.js';
import { count, duration, milliseconds, percent } from './text.js';

/** The service with the endpoints that match; undefined when nothing does. */
export function filtered(service: ServiceView, filter: string): ServiceView | undefined {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '' || service.row.name.toLowerCase().includes(wanted)) return service;
  const endpoints = service.endpoints.filter((row) =>
    [row.id, `${row.address}:${row.port}`, row.zone ?? '', ...row.tags].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
  return endpoints.length > 0 ? { row: service.row, endpoints } : undefined;
}

/** One service with its endpoints. */
export function serviceSection({ row, endpoints }: ServiceView, model: Model): TemplateResult {
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
