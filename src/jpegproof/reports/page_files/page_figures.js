// Draws each panel when it comes near the window, and again when its legend or the theme changes.

const plots = new Map(); // canvas -> {figure, panel, state}; a plot's panels share their state
const drawnCanvases = new Set();
const waiting = new Set();
let drainWaits = false;

function currentPalette() {
  const style = getComputedStyle(root);
  const color = (name) => style.getPropertyValue(name).trim();
  const series = [];
  while (color(`--series-${series.length}`)) series.push(color(`--series-${series.length}`));
  return { page: color("--page"), panel: color("--panel"), ink: color("--ink"), grid: color("--grid"), edge: color("--edge"), series };
}

function draw(canvas, compact) {
  const { figure, panel, state } = plots.get(canvas);
  const palette = currentPalette();
  const traces = panelTraces(figure, panel, palette, state.hidden, state.intervals);
  const layout = panelLayout(figure, panel, palette, state.intervals, compact);
  window.Plotly.react(canvas, traces, layout, { displayModeBar: false, responsive: true, displaylogo: false });
  drawnCanvases.add(canvas);
}

// One panel at a time, so that the page answers between them.
function drain() {
  const [canvas] = waiting;
  if (!canvas) {
    drainWaits = false;
    return;
  }
  waiting.delete(canvas);
  draw(canvas);
  setTimeout(drain);
}

async function drawSoon(canvases) {
  for (const canvas of canvases) waiting.add(canvas);
  if (drainWaits) return;
  drainWaits = true;
  try {
    await loadPlotly();
  } catch {
    // A browser that cannot unpack it: the numbers are in the tables.
    for (const canvas of plots.keys()) {
      canvas.classList.add("unseen");
      canvas.textContent = "This browser cannot draw the figure; the table below holds its numbers.";
    }
    return;
  }
  drain();
}

const nearness = new IntersectionObserver(
  (entries) => {
    const near = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
    near.forEach((canvas) => nearness.unobserve(canvas));
    drawSoon(near);
  },
  { rootMargin: "300px 0px" },
);

for (const plot of document.querySelectorAll("[data-plot]")) {
  const figure = JSON.parse(plot.querySelector('script[type="application/json"]').textContent);
  const state = { hidden: new Set(), intervals: true };
  const canvases = [...plot.querySelectorAll(".canvas")];
  for (const canvas of canvases) {
    plots.set(canvas, { figure, panel: figure.panels[canvas.dataset.panel], state });
    nearness.observe(canvas);
  }
  const redraw = () => drawSoon(canvases.filter((canvas) => drawnCanvases.has(canvas)));
  for (const button of plot.querySelectorAll(".legend button")) {
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(pressed));
      if (button.dataset.series === undefined) state.intervals = pressed;
      else if (pressed) state.hidden.delete(Number(button.dataset.series));
      else state.hidden.add(Number(button.dataset.series));
      redraw();
    });
  }
}

addEventListener("themechange", () => drawSoon(drawnCanvases));

// On paper everything is unfolded, drawn, light, and as wide as half a sheet.
let beforePrint = null;
addEventListener("beforeprint", () => {
  beforePrint = { theme: root.dataset.theme, folded: [...document.querySelectorAll("details:not([open])")] };
  beforePrint.folded.forEach((fold) => (fold.open = true));
  root.dataset.theme = "light";
  if (window.Plotly) for (const canvas of plots.keys()) draw(canvas, { width: 330, height: 260 });
});
addEventListener("afterprint", () => {
  if (!beforePrint) return;
  beforePrint.folded.forEach((fold) => (fold.open = false));
  if (beforePrint.theme) root.dataset.theme = beforePrint.theme;
  else delete root.dataset.theme;
  beforePrint = null;
  drawSoon(drawnCanvases);
});
// Unpacked before it is needed: who scrolls does not wait for it, and printing could not.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 500));
if (plots.size) addEventListener("load", () => whenIdle(() => drawSoon([])));
