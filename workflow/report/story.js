"use strict";
const specs = JSON.parse(document.getElementById("specs").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");

// Colours and sizes that depend on the reader's screen; everything else stands in the charts.
function look() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const [ink, soft, line] = [colour("--ink"), colour("--soft"), colour("--line")];
  return {
    background: null,
    font: style.fontFamily,
    padding: { left: 4, top: 4, right: 12, bottom: 4 },  // the last label is wider than its place
    view: { stroke: null },
    axis: {
      labelColor: ink, titleColor: soft, gridColor: line, domainColor: soft, tickColor: soft,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelLimit: 140,
    },
    axisTop: { labelAngle: narrow.matches ? -45 : 0, labelFontSize: 13, labelPadding: 8 },
    axisBottom: { labelOverlap: "greedy" },
    legend: {
      labelColor: ink, titleColor: soft, labelFontSize: 12, titleFontSize: 12,
      titleFontWeight: "normal", titleLimit: 400, titleOrient: "left", titlePadding: 20,
      orient: "bottom", direction: "horizontal", gradientLength: narrow.matches ? 110 : 180,
    },
    text: { color: ink },
    style: {
      number: { fontSize: narrow.matches ? 11 : 15 },
      small: { fontSize: narrow.matches ? 10 : 11 },
      name: { fontSize: 12 },
      frame: { stroke: ink },
    },
    range: {
      diverging: dark.matches
        ? ["#c2500a", "#7a3a14", "#262b31", "#1c4f74", "#2a86c4"]
        : ["#a33b00", "#e39a6b", "#f3f3f3", "#7fb3d8", "#00568f"],
      heatmap: { scheme: "viridis" },
    },
  };
}

async function draw() {
  const config = look();
  for (const place of document.querySelectorAll("[data-spec]")) {
    await vegaEmbed(place, specs[place.dataset.spec], {
      config, actions: false, renderer: "svg", tooltip: { theme: "custom" },
    });
  }
  document.documentElement.dataset.drawn = document.querySelectorAll("[data-spec] svg").length;
}

dark.addEventListener("change", draw);
narrow.addEventListener("change", draw);
draw();
