/** @jsxImportSource preact */
import { useEffect, useRef, useState } from "preact/hooks";
import type { InstanceDetail } from "../../api/documents.ts";
import { bytes, percent } from "../parts/index.ts";
import type { Drawing } from "./chart.ts";
import { type Sample, type Samples, seriesOf, withHistory } from "./samples.ts";

export interface ChartsProps {
  readonly instances: readonly InstanceDetail[];
  /** Of memory, in bytes. */
  readonly limit: number | undefined;
}

/** What the instances of a service used lately: a line for each. */
export function Charts({ instances, limit }: ChartsProps) {
  const known = useRef<Samples>(new Map());
  known.current = withHistory(known.current, instances);
  const ids = instances.slice(0, mostLines).map(({ id }) => id);
  if (known.current.size === 0 || ids.length === 0) return null;
  const memory = bytes(instances.reduce((sum, { rss_bytes }) => sum + rss_bytes, 0));
  const cpu = percent(instances.reduce((sum, { cpu_percent }) => sum + cpu_percent, 0));
  // A chart has the lines that it was made with.
  const lines = ids.join(" ");
  const limited = limit === undefined ? "" : `, at most ${bytes(limit)} each`;
  return (
    <div class="charts">
      <Chart
        key={`memory ${lines}`}
        title={`Memory: ${memory}${limited}`}
        samples={known.current}
        ids={ids}
        {...scales.memory}
      />
      <Chart key={`cpu ${lines}`} title={`CPU: ${cpu} of a core`} samples={known.current} ids={ids} {...scales.cpu} />
    </div>
  );
}

const scales = {
  memory: { value: ({ memory }: Sample) => memory, format: bytes },
  cpu: { value: ({ cpu }: Sample) => cpu, format: percent },
};

interface ChartProps {
  readonly title: string;
  readonly samples: Samples;
  /** Of the instances; the same as long as it is the same chart. */
  readonly ids: readonly string[];
  readonly value: (sample: Sample) => number;
  readonly format: (value: number) => string;
}

function Chart({ title, samples, ids, value, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<Drawing>();
  const names = useRef(ids);
  useEffect(() => {
    let gone = false;
    let made: Drawing | undefined;
    // Its library is half of the page's code, and the list does without it.
    void import("./chart.ts").then(({ draw }) => {
      if (gone || place.current === null) return;
      made = draw(place.current, names.current, format);
      setDrawing(made);
    });
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [format]);
  useEffect(() => drawing?.update(seriesOf(samples, ids, value)));
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div ref={place} class="chart" role="img" aria-label={title} />
    </figure>
  );
}

/** More can't be told apart. */
const mostLines = 8;
