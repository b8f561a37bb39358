// From a figure's data to plotly's traces. Names are other people's: plotly reads a little HTML in its texts.

function literal(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function wrapped(text, width) {
  const lines = [""];
  for (const word of String(text).split(" ")) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + word.length >= width) lines.push(word);
    else lines[last] += (lines[last] ? " " : "") + word;
  }
  const shown = lines.slice(0, 2).map((line) => (line.length > width + 8 ? `${line.slice(0, width + 7)}…` : line));
  return shown.map(literal).join("<br>");
}

function shownNumber(value, decimals) {
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

function shownInterval(drawn, point, decimals) {
  const low = drawn.low[point] ?? null;
  const high = drawn.high[point] ?? null;
  return low === null || high === null ? "" : ` [${shownNumber(low, decimals)}, ${shownNumber(high, decimals)}]`;
}

function pointTexts(figure, drawn) {
  return drawn.x.map((x, point) => {
    const value = drawn.told[point] ?? drawn.y[point];
    if (value === null) return "";
    const speed = figure.kind === "points" ? `${Number(x.toPrecision(3))} images per second: ` : "";
    const quality = figure.kind === "points" ? "" : `quality ${literal(figure.ticks[figure.kind === "bars" ? x : point])}: `;
    const number = shownNumber(value, figure.decimals) + shownInterval(drawn, point, figure.decimals);
    return `<b>${wrapped(drawn.label, 34)}</b><br>${speed}${quality}${number}`;
  });
}

// A polygon around each run of points whose ends are both known.
function band(drawn, color) {
  const x = [];
  const y = [];
  let run = [];
  const close = () => {
    if (x.length && run.length) (x.push(null), y.push(null));
    x.push(...run.map((point) => drawn.x[point]), ...run.toReversed().map((point) => drawn.x[point]));
    y.push(...run.map((point) => drawn.high[point]), ...run.toReversed().map((point) => drawn.low[point]));
    run = [];
  };
  for (let point = 0; point < drawn.x.length; point++) {
    if ((drawn.low[point] ?? null) === null || (drawn.high[point] ?? null) === null) close();
    else run.push(point);
  }
  close();
  return { x, y, fill: "toself", fillcolor: color, opacity: 0.14, mode: "none", hoverinfo: "skip", type: "scatter" };
}

function errorBars(drawn, color) {
  const ends = (sign, bounds) => drawn.y.map((y, point) => ((bounds[point] ?? null) === null || y === null ? 0 : sign * (bounds[point] - y)));
  return { type: "data", symmetric: false, array: ends(1, drawn.high), arrayminus: ends(-1, drawn.low), color, thickness: 1.3, width: 0 };
}

function curveTraces(figure, drawn, look, color, intervals) {
  const line = { x: drawn.x, y: drawn.y, mode: "lines+markers", type: "scatter", hoverinfo: "text", text: pointTexts(figure, drawn) };
  line.line = { color, width: 1.7, dash: look.dash };
  line.marker = { color, size: 7, symbol: look.symbol };
  return intervals ? [band(drawn, color), line] : [line];
}

// A later bar stands over an earlier one's interval, so that intervals come after all bars; cased, to be seen on any.
function barIntervals(drawn, palette) {
  const ends = (color, thickness) => ({ ...errorBars(drawn, color), thickness });
  const unseen = { x: drawn.x, y: drawn.y, mode: "markers", type: "scatter", hoverinfo: "skip", marker: { opacity: 0 } };
  return [
    { ...unseen, error_y: ends(palette.page, 4) },
    { ...unseen, error_y: ends(palette.ink, 1.5) },
  ];
}

function barTraces(figure, drawn, look, color, intervals, palette) {
  const bar = { x: drawn.x, y: drawn.y, type: "bar", width: 0.7, hoverinfo: "text", text: pointTexts(figure, drawn), textposition: "none" };
  bar.marker = { color };
  if (drawn.series === 0) bar.marker.pattern = { shape: "/", bgcolor: color, fgcolor: palette.page, size: 6, solidity: 0.25 };
  return [bar];
}

function pointTraces(figure, drawn, look, color, intervals, palette) {
  const point = { x: drawn.x, y: drawn.y, mode: "markers", type: "scatter", hoverinfo: "text", text: pointTexts(figure, drawn) };
  point.marker = { color: drawn.faint ? palette.page : color, size: 10, symbol: look.symbol, line: { color, width: 1.6 } };
  if (intervals) point.error_y = errorBars(drawn, color);
  return [point];
}

const traceMakers = { curves: curveTraces, bars: barTraces, points: pointTraces };

// hidden: numbers of the series that are not to be seen.
function panelTraces(figure, panel, palette, hidden, intervals) {
  const traces = [];
  if (panel.stairs.length > 1) {
    const [x, y] = [0, 1].map((axis) => panel.stairs.map((corner) => corner[axis]));
    traces.push({ x, y, mode: "lines", type: "scatter", hoverinfo: "skip", line: { shape: "vh", color: palette.edge, width: 2 } });
  }
  for (const drawn of panel.drawn) {
    if (hidden.has(drawn.series)) continue;
    const look = figure.series[drawn.series];
    traces.push(...traceMakers[figure.kind](figure, drawn, look, palette.series[look.slot], intervals, palette));
  }
  if (figure.kind === "bars" && intervals) {
    const withEnds = panel.drawn.filter((drawn) => drawn.low.length && !hidden.has(drawn.series));
    traces.push(...withEnds.flatMap((drawn) => barIntervals(drawn, palette)));
  }
  return traces;
}

function panelLayout(figure, panel, palette, intervals, compact) {
  const axis = { color: palette.ink, gridcolor: palette.grid, zeroline: false, linecolor: palette.ink, fixedrange: true, automargin: true, ticks: "" };
  const labelled = (text) => ({ text: wrapped(text, 30), font: { size: 12 }, standoff: 8 });
  const layout = {
    xaxis: { ...axis, title: labelled(figure.xTitle), showgrid: figure.kind !== "bars", showline: true },
    yaxis: { ...axis, title: labelled(figure.yTitle) },
    margin: { l: 44, r: 8, t: 8, b: 40 },
    font: { size: 12, color: palette.ink, family: "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif" },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false, dragmode: false, hovermode: "closest", barmode: "relative", shapes: [],
    hoverlabel: { bgcolor: palette.panel, bordercolor: palette.edge, font: { color: palette.ink, size: 12 }, align: "left" },
  };
  if (compact) Object.assign(layout, compact);
  if (figure.xRange) layout.xaxis.range = figure.xRange;
  if (figure.yRange) layout.yaxis.range = figure.yRange;
  if (panel.log) layout.xaxis.type = "log";
  else if (figure.kind === "points") layout.xaxis.rangemode = "tozero";
  if (figure.kind === "curves") Object.assign(layout.xaxis, { tickmode: "array", tickvals: spread(figure.ticks), tickangle: 0 });
  if (figure.kind === "bars") {
    const places = figure.ticks.map((_, place) => place);
    Object.assign(layout.xaxis, { tickmode: "array", tickvals: places, ticktext: figure.ticks.map(literal) });
    layout.yaxis.zeroline = true;
    layout.yaxis.zerolinecolor = palette.ink;
  }
  if (panel.level) {
    const [value, low, high] = panel.level;
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, line: { color: palette.ink, width: 1.2, dash: "5px,3px" } });
    if (intervals && low !== null && high !== null) {
      layout.shapes.push({ type: "rect", xref: "paper", x0: 0, x1: 1, y0: low, y1: high, fillcolor: palette.ink, opacity: 0.07, line: { width: 0 }, layer: "below" });
    }
  }
  return layout;
}

// Ten labels at most have room below a panel.
function spread(ticks) {
  const step = Math.ceil(ticks.length / 10);
  return ticks.filter((_, place) => place % step === 0);
}
