// The chart: the table of its points -> a picture that mouse and arrow keys read. Without a script the table is there.
const section = document.querySelector(".chart");
if (section && window.uPlot) {
  const part = (id) => document.getElementById(id);
  const [box, read, data] = [part("chart"), part("chart-read"), part("chart-data")];
  const rows = [...data.querySelectorAll("tbody tr")];
  const amount = (cell) => (cell?.querySelector("data") ? Number(cell.querySelector("data").value) : null);
  const labels = rows.map((row) => row.dataset.label);
  const now = rows.map((row) => amount(row.cells[1]));
  const before = rows.map((row) => amount(row.cells[2]));
  const isOpen = rows.map((row) => "open" in row.dataset);
  // A line needs two points: the open part begins at the last point that is final.
  const final = now.map((value, at) => (isOpen[at] ? null : value));
  const open = now.map((value, at) => (isOpen[at] || isOpen[at + 1] ? value : null));
  const text = (cell) => cell?.querySelector("data")?.textContent ?? "nothing";

  // Canvas knows no custom properties. The keys above the chart have the colours of the present scheme, also those that
  // are hidden because the chart has no such line.
  const colour = (name) => getComputedStyle(section.querySelector(name)).color;
  const short = new Intl.NumberFormat("en", { notation: "compact" }).format;

  const say = (at) => {
    const row = rows[at];
    const was = row.cells[3]?.textContent ? `; ${row.cells[3].textContent}: ${text(row.cells[2])}` : "";
    const open = isOpen[at] ? " (may still change)" : "";
    read.textContent = `${row.cells[0].textContent}: ${text(row.cells[1])}${open}${was}`;
  };

  let plot;
  const draw = () => {
    const quiet = colour(".quiet");
    const line = { stroke: colour(".key.now"), width: 2, points: { show: rows.length < 32, size: 6 } };
    const grid = { stroke: getComputedStyle(section).borderTopColor, width: 1 };
    const axis = { stroke: quiet, font: "12px system-ui, sans-serif", ticks: { show: false } };
    plot?.destroy();
    plot = new window.uPlot(
      {
        width: box.clientWidth,
        height: 260,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { time: false }, y: { range: (_, least, most) => [Math.min(least, 0), most > 0 ? most * 1.08 : 1] } },
        axes: [
          { ...axis, grid: { show: false }, size: 30, space: 64, incrs: [1, 2, 3, 7, 14, 28], values: (_, at) => at.map((n) => labels[n] ?? "") },
          { ...axis, grid, size: 52, values: (_, found) => found.map((n) => short(n)) },
        ],
        series: [
          {},
          { stroke: colour(".key.before"), width: 1.5, points: { show: false } },
          { ...line, fill: colour(".key.open") },
          { ...line, dash: [5, 4] },
        ],
        hooks: { setCursor: [(own) => own.cursor.idx != null && say(own.cursor.idx)] },
      },
      [labels.map((_, at) => at), before, final, open],
      box,
    );
  };

  const move = (key, at) =>
    ({ ArrowLeft: Math.max(at - 1, 0), ArrowRight: Math.min(at + 1, rows.length - 1), Home: 0, End: rows.length - 1 })[key];
  let place = rows.length;
  box.addEventListener("keydown", (event) => {
    const next = move(event.key, place);
    if (next === undefined) return;
    event.preventDefault();
    place = next;
    plot.setCursor({ left: plot.valToPos(place, "x"), top: 0 });
    say(place);
  });

  for (const one of [box, read, part("chart-keys")]) one.hidden = false;
  data.open = false;
  say(Math.max(now.findLastIndex((value) => value !== null), 0));
  draw();
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 260 })).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
