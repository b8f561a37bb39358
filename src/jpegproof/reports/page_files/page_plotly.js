// Plotly stands in the page packed, and is unpacked when the first figure comes near.

let plotlyLoading = null;

function loadPlotly() {
  plotlyLoading ??= unpackPlotly();
  return plotlyLoading;
}

async function unpackPlotly() {
  const packed = document.getElementById("packed-plotly").textContent;
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.head.append(script); // runs at once; the page's policy knows its hash
  return window.Plotly;
}
