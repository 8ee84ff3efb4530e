/** @jsxImportSource preact */
import { Component } from "preact";
import type { ServiceRow } from "../../api/documents.ts";
import { bytes, duration, percent, StateBadge } from "../parts/index.ts";
import { linkToService } from "../route.ts";

/** One service in the list; drawn again only when something of it changed that can be seen. */
export class Row extends Component<{ readonly row: ServiceRow }> {
  override shouldComponentUpdate({ row }: { readonly row: ServiceRow }): boolean {
    return look(row) !== look(this.props.row);
  }

  render({ row }: { readonly row: ServiceRow }) {
    const link = linkToService(row.service);
    return (
      <tr>
        <th scope="row">
          <a href={link} data-row>
            {row.service}
          </a>
          {row.sandbox === "off" && <span class="tag warn">no sandbox</span>}
          {row.sandbox === "audit" && <span class="tag warn">sandbox: audit</span>}
        </th>
        <td>
          <StateBadge state={row.state} />
        </td>
        <td class="number">
          {row.ready}/{row.replicas}
        </td>
        <td class={row.restarts > 0 ? "number" : "number faint"}>{row.restarts}</td>
        <td class="number">{row.rss_bytes === 0 ? "–" : bytes(row.rss_bytes)}</td>
        <td class="number">{row.rss_bytes === 0 ? "–" : percent(row.cpu_percent)}</td>
        <td class="number wide">{row.uptime_ms === 0 ? "–" : duration(row.uptime_ms)}</td>
        <td class="wide">
          {row.url !== null && (
            <a href={row.url} rel="noreferrer" target="_blank">
              {row.url.replace(/^https?:\/\//, "").replace(/\/$/, "")}
            </a>
          )}
        </td>
      </tr>
    );
  }
}

function look(row: ServiceRow): string {
  const { service, state, replicas, ready, restarts, rss_bytes, cpu_percent, uptime_ms, url, sandbox } = row;
  const figures = [bytes(rss_bytes), percent(cpu_percent), duration(uptime_ms)];
  return [service, state, replicas, ready, restarts, url, sandbox, ...figures].join("\n");
}
