import UPlot from "uplot";

/** A chart on the page. */
export interface Drawing {
  readonly update: (series: [number[], ...(number | null)[][]]) => void;
  readonly destroy: () => void;
}

/** Draws lines over time into an element, as wide as that is, in the colours of the page. */
export function draw(place: HTMLElement, names: readonly string[], format: (value: number) => string): Drawing {
  let latest: [number[], ...(number | null)[][]] = [[], ...names.map(() => [])];
  let chart = make(place, names, format, latest);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    chart.destroy();
    chart = make(place, names, format, latest);
  };
  const resized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height }));
  resized.observe(place);
  dark.addEventListener("change", recolour);
  return {
    update: (series) => {
      latest = series;
      chart.setData(series);
    },
    destroy: () => {
      resized.disconnect();
      dark.removeEventListener("change", recolour);
      chart.destroy();
    },
  };
}

function make(
  place: HTMLElement,
  names: readonly string[],
  format: (value: number) => string,
  data: [number[], ...(number | null)[][]],
): UPlot {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--faint"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  const options: UPlot.Options = {
    width: place.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most ?? 0, 1) * headroom] } },
    axes: [
      { ...axis, size: 24, space: 80, values: (_, seconds) => seconds.map(clock) },
      { ...axis, size: 64, space: 30, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: colour(`--chart-${index}`),
        width: 1.5,
        points: { show: false },
        // Of a second in which one instance was not measured.
        spanGaps: true,
      })),
    ],
  };
  return new UPlot(options, data, place);
}

function clock(seconds: number): string {
  return new Date(seconds * 1_000).toTimeString().slice(0, 8);
}

/** In CSS pixels. */
const height = 150;
/** Above the highest value. */
const headroom = 1.15;
