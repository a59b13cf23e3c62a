// The overview while it is open: charts of the last hour, rows of decisions that can be paused, and what to say when the service is away.

const live = document.getElementById("live");
const lost = document.getElementById("connection");
const pause = document.getElementById("pause");
const leftOut = document.getElementById("left-out");
const HOUR = 3600;
const LEAST = 600;
const MOST_ROWS = 40;
const AGAIN_SECONDS = 2;

// Charts: the columns are time, then a value for each chart; the server names the same order in `data-field`.
let columns = [[], [], [], [], [], [], []];
let charts = [];

/** Return a colour of the style sheet as the canvas takes it: it does not know `light-dark()`. */
function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function written(kind, value) {
  if (value == null) return "–";
  if (kind === "percent") return `${(value * 100).toFixed(value && value < 0.1 ? 1 : 0)} %`;
  if (kind !== "duration") return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0, notation: value >= 1e5 ? "compact" : "standard" });
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  return value < 120 ? `${+value.toFixed(1)} s` : `${Math.round(value / 60)} min`;
}

function chart(holder) {
  const { kind, field, name } = holder.dataset;
  const [ink, line, accent] = ["--soft", "--line", "--accent"].map(colour);
  const font = "11px system-ui, sans-serif";
  const grid = { stroke: line, width: 1 };
  holder.replaceChildren();
  holder.setAttribute("role", "img");
  holder.setAttribute("aria-label", `${name} in the last hour; the numbers are in the table below`);
  const made = new uPlot({
    width: holder.clientWidth,
    height: holder.clientHeight,
    legend: { show: false },
    padding: [6, 16, 0, 0],
    cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => { const end = columns[0].at(-1); return [Math.min(Math.max(columns[0][0], end - HOUR), end - LEAST), end]; } },
      y: { range: (_, least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    series: [{}, { stroke: accent, width: 1.5, fill: `color-mix(in srgb, ${accent} 14%, transparent)`, points: { size: 4, fill: accent }, spanGaps: false }],
    axes: [
      { stroke: ink, font, size: 22, space: 60, grid: { show: false }, ticks: { show: false }, values: (_, all) => all.map((at) => new Date(at * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })) },
      { stroke: ink, font, size: 50, space: 30, gap: 4, grid, ticks: { show: false }, values: (_, all) => all.map((value) => written(kind, value)) },
    ],
    hooks: {
      setCursor: [(plot) => {
        const { idx } = plot.cursor;
        const at = idx == null ? null : plot.data[0][idx];
        note.textContent = at == null ? "" : `${new Date(at * 1000).toLocaleTimeString()}  ${written(kind, plot.data[1][idx])}`;
      }],
    },
  }, [columns[0], columns[field]], holder);
  const note = document.createElement("span");
  note.className = "reading";
  note.setAttribute("aria-hidden", "true");
  holder.append(note);
  return { holder, field, plot: made };
}

function draw() {
  charts.forEach(({ plot }) => plot.destroy());
  charts = [...document.querySelectorAll(".chart")].map(chart);
}

function update() {
  if (charts.length === 0) draw();
  charts.forEach(({ plot, field }) => plot.setData([columns[0], columns[field]]));
}

live.addEventListener("history", (event) => {
  const given = JSON.parse(event.detail.data);
  columns = given.length ? given : columns.map(() => []);
  if (columns[0].length > 1) update();
});
live.addEventListener("point", (event) => {
  JSON.parse(event.detail.data).forEach((value, field) => columns[field].push(value));
  while (columns[0][0] < columns[0].at(-1) - HOUR) columns.forEach((column) => column.shift());
  if (columns[0].length > 1) update();
});
live.addEventListener("summary", (event) => {
  document.getElementById("summary").textContent = event.detail.data;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.length && draw());
new ResizeObserver(() => {
  charts.forEach(({ plot, holder }) => {
    if (plot.width !== holder.clientWidth) plot.setSize({ width: holder.clientWidth, height: holder.clientHeight });
  });
}).observe(document.querySelector(".figures"));

// Decisions: while they are paused, rows are not taken; afterwards the last ones are asked for.
let isPaused = false;
pause.hidden = false;
pause.addEventListener("click", async () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Go on" : "Pause";
  if (!isPaused) htmx.ajax("GET", "/overview/decisions", { target: "#decisions", swap: "innerHTML" });
});
document.addEventListener("htmx:sse:before:message", (event) => {
  const { message } = event.detail;
  if (isPaused && !message.event && message.data.includes("#decision")) event.detail.cancelled = true;
});
document.addEventListener("htmx:sse:after:message", (event) => {
  const rows = document.getElementById("decision-rows");
  while (rows && rows.rows.length > MOST_ROWS) rows.deleteRow(-1);
  if (!event.detail.message.event && event.detail.message.data.includes("#left-out")) {
    leftOut.hidden = false;
    clearTimeout(leftOut.timer);
    leftOut.timer = setTimeout(() => { leftOut.hidden = true; }, 3000);
  }
});

// The connection
const show = (isLost) => { lost.hidden = !isLost; };
document.addEventListener("htmx:sse:error", () => show(true));
document.addEventListener("htmx:sse:after:connection", () => show(false));
// hx-sse connects again after a connection is lost, and not where the first request fails.
const again = (event) => {
  if (event.target !== live) return;
  show(true);
  setTimeout(() => htmx.ajax("GET", "/overview/live", { source: live }), AGAIN_SECONDS * 1000);
};
document.addEventListener("htmx:error", again);
document.addEventListener("htmx:response:error", again);
