import { Box, Text } from "ink";
import { useMemo } from "react";
import { formatSize, type ServiceRow } from "../../api/index.ts";
import { renderServiceList } from "../render/service-list.ts";
import type { Style } from "../style.ts";
import { sparkline, type TailLine, type UseSample } from "../top/index.ts";

interface TableProps {
  readonly rows: readonly ServiceRow[];
  readonly index: number;
  readonly page: number;
  readonly style: Style;
  readonly width: number;
}

/** Columns are as wide as all rows need, so that they stand still while someone scrolls. */
export function Table({ rows, index, page, style, width }: TableProps) {
  const [heading = "", ...lines] = useMemo(
    () =>
      rows.length === 0
        ? ["nothing to show"]
        : renderServiceList({ services: [...rows] }, { style, width: width - markWidth, now: Date.now() }).split("\n"),
    [rows, style, width],
  );
  const first = Math.min(Math.max(0, index - Math.floor(page / 2)), Math.max(0, lines.length - page));
  return (
    <Box flexDirection="column" height={page + 1}>
      <Text wrap="truncate">{`  ${heading}`}</Text>
      {lines.slice(first, first + page).map((line, offset) => (
        <Text key={rows[first + offset]?.service ?? offset} wrap="truncate" inverse={first + offset === index}>
          {`${first + offset === index ? "▸ " : "  "}${line}`}
        </Text>
      ))}
    </Box>
  );
}

interface LogsProps {
  readonly lines: readonly TailLine[];
  readonly height: number;
  readonly named: boolean;
}

export function Logs({ lines, height, named }: LogsProps) {
  const shown = lines.slice(-(height - 1));
  return (
    <Box flexDirection="column" height={height}>
      <Text dimColor>{named ? "logs" : "logs of the selected service"}</Text>
      {shown.map(({ id, service, level, text }) => (
        <Text key={id} wrap="truncate" {...colorOf(level)}>
          {named ? `${service} | ${text}` : text}
        </Text>
      ))}
    </Box>
  );
}

interface ChartsProps {
  readonly row: ServiceRow | undefined;
  readonly samples: readonly UseSample[];
  readonly height: number;
  readonly width: number;
}

export function Charts({ row, samples, height, width }: ChartsProps) {
  const room = Math.max(10, width - chartLabel);
  const cpu = sparkline(
    samples.map(({ cpuPercent }) => cpuPercent),
    room,
    1,
  );
  const memory = sparkline(
    samples.map(({ rssBytes }) => rssBytes),
    room,
    1_048_576,
  );
  return (
    <Box flexDirection="column" height={height}>
      <Text dimColor>{`use of ${row?.service ?? "nothing"} since it is watched`}</Text>
      <Text wrap="truncate">
        {`cpu    ${(row?.cpu_percent ?? 0).toFixed(1).padStart(7)}%  `}
        <Text color="cyan">{cpu}</Text>
      </Text>
      <Text wrap="truncate">
        {`memory ${formatSize(row?.rss_bytes ?? 0).padStart(8)}  `}
        <Text color="magenta">{memory}</Text>
      </Text>
    </Box>
  );
}

function colorOf(level: TailLine["level"]): { readonly color?: string } {
  if (level === "error") return { color: "red" };
  return level === "warn" ? { color: "yellow" } : {};
}

const markWidth = 2;
const chartLabel = 18;
