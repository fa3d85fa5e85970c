// The specification of the views, filled in for the columns that are shown: every record has them as x, x2, y and colour.
const NBFRAMES_COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a600"];  // after Okabe and Ito
const NBFRAMES_GREY = "#8a8a8a";

function nbframesSpecification(page, rows, axes, shown, typed, { width, wide, dark }) {
  const spec = structuredClone(page.spec), ink = dark ? "#e6e9ee" : "#1d2430", rule = dark ? "#3a424d" : "#d9dee5";
  const each = wide ? Math.floor((width - 150) / 2) : width - 78;
  const [pair, bars] = spec.vconcat, numeric = rows.columns.get(axes.colour).numeric;
  const colour = numeric ? (row) => rows.value(axes.colour, row) : nbframesCategory(rows, axes.colour, shown.rows);
  pair.hconcat.forEach((part, place) => {
    Object.assign(part, { width: each, height: Math.min(330, Math.max(220, each)) });
    for (const { encoding } of part.layer) {
      encoding.x.title = rows.title(place ? axes.x2 : axes.x);
      encoding.y.title = rows.title(axes.y);
    }
    const drawn = part.layer[1].encoding.color;
    drawn.title = rows.title(axes.colour);
    if (numeric) drawn.scale = { scheme: { name: "viridis", extent: dark ? [0.2, 1] : [0, 0.92] } };
    else Object.assign(drawn, { type: "nominal", scale: { domain: colour.domain, range: colour.range } });
  });
  Object.assign(bars, { width: wide ? 2 * each + 72 : each, height: 130 });
  for (const { encoding } of bars.layer) {
    encoding.x.title = rows.title(axes.y);
    encoding.y.title = shown.exact ? "architectures" : "of the sample";
  }
  if (!wide) spec.vconcat = [...pair.hconcat, bars];
  spec.datasets = {
    tiles_x: shown.densities.x ?? [],
    tiles_x2: shown.densities.x2 ?? [],
    archs: shown.rows.map((row) => {
      const number = (name) => rows.value(name, row) ?? NaN;  // as a number null would be 0
      return { row, x: number(axes.x), x2: number(axes.x2), y: number(axes.y), typed: number(typed), colour: colour(row) };
    }),
  };
  spec.config = {
    background: null, view: { stroke: rule }, title: { color: ink },
    axis: {
      labelColor: ink, titleColor: ink, gridColor: rule, gridOpacity: 0.6, domainColor: rule, tickColor: rule,
      titleFontWeight: "normal", labelFontSize: 11, titleFontSize: 12, titleLimit: each, labelLimit: 90,
    },
    legend: {
      labelColor: ink, titleColor: ink, titleFontWeight: "normal", gradientLength: Math.min(180, each),
      titleLimit: each, labelLimit: Math.floor(each / (wide ? 3 : 2)) - 30, columns: wide ? 3 : 2,
    },
  };
  return spec;
}

// The commonest categories by name, the others together: more colours than these cannot be told apart.
function nbframesCategory(rows, name, shown) {
  const counts = new Map();
  for (const row of shown) counts.set(rows.value(name, row), (counts.get(rows.value(name, row)) ?? 0) + 1);
  const missing = counts.delete(null), most = NBFRAMES_COLOURS.length;
  const common = [...counts].sort((a, b) => b[1] - a[1]).slice(0, counts.size > most ? most - 1 : most).map(([category]) => category).sort();
  const others = `${counts.size - common.length} others`, none = "no value";
  const known = new Set(common);
  const colour = (row) => {
    const value = rows.value(name, row);
    return value === null ? none : known.has(value) ? value : others;
  };
  colour.domain = [...common, ...(counts.size > common.length ? [others] : []), ...(missing ? [none] : [])];
  colour.range = colour.domain.map((category, place) => (place < common.length ? NBFRAMES_COLOURS[place] : NBFRAMES_GREY));
  return colour;
}

// The Polars that makes what is shown; `predicates` are those of the window.
function nbframesCode(page, rows, axes, shown, predicates) {
  const used = ["value", axes.x, axes.x2, axes.y, axes.colour], quoted = JSON.stringify;
  const filtered = predicates ? `frame.filter(${predicates})` : "frame";
  const columns = (...names) => [...new Set(names)].map((name) => quoted(name)).join(", ");
  const tiles = Object.keys(shown.densities).map((side) =>
    `${side}_tiles = np.histogram2d(*${filtered}.select(${quoted(axes[side])}, y=${quoted(axes.y)}).filter(pl.all_horizontal(pl.all().is_finite())), bins=${page.tiles})`);
  return [
    [...(tiles.length ? ["import numpy as np"] : []), "import polars as pl", "", "import nbframes as nbf", "", page.opening].join("\n"),
    [...new Set(used.map((name) => rows.columns.get(name).expression))].join("\n"),
    `points = ${shown.code ?? filtered}`,
    `# first view\nx = points.select(${columns(axes.x, axes.y, axes.colour)})`,
    `# second view\nx2 = points.select(${columns(axes.x2, axes.y, axes.colour)})`,
    `# bars, in bins of equal width\nbars = points[${quoted(axes.y)}].drop_nulls()`,
    ...(tiles.length ? [`# tiles: counts in ${page.tiles} x ${page.tiles} of equal size\n${tiles.join("\n")}`] : []),
  ].join("\n\n");
}
