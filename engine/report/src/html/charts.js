// Drawings. Each has a text next to it or a label that says the same.

const grade = (score) => (score >= 90 ? "good" : score >= 60 ? "fair" : "poor");

/// Part of a ring, from one share of a turn to another.
function arc(radius, width, from, to, attributes) {
  const length = 2 * Math.PI * radius;
  return draw("circle", {
    cx: 60, cy: 60, r: radius, fill: "none", "stroke-width": width,
    "stroke-dasharray": `${Math.max(0, (to - from) * length)} ${length}`,
    "stroke-dashoffset": -from * length,
    transform: "rotate(-90 60 60)",
    ...attributes,
  });
}

/// The score as a ring that is as full as it is good; an empty ring if nothing is in scope.
function gauge(score) {
  if (score === null) {
    return draw("svg", { viewBox: "0 0 120 120", class: "gauge", role: "img", "aria-label": "Score n/a: nothing is in scope" },
      arc(52, 11, 0, 1, { class: "track" }),
      draw("text", { x: 60, y: 66, class: "number" }, "n/a"),
      draw("text", { x: 60, y: 84, class: "unit" }, "nothing in scope"));
  }
  const label = `Score ${score.toFixed(1)} of 100`;
  return draw("svg", { viewBox: "0 0 120 120", class: `gauge ${grade(score)}`, role: "img", "aria-label": label },
    arc(52, 11, 0, 1, { class: "track" }),
    arc(52, 11, 0, score / 100, { class: "value", "stroke-linecap": score > 0 ? "round" : "butt" }),
    draw("text", { x: 60, y: 66, class: "number" }, score.toFixed(1)),
    draw("text", { x: 60, y: 84, class: "unit" }, "of 100"));
}

/// A ring of parts: { label, share, color }.
function donut(parts, middle, label) {
  let from = 0;
  const gap = parts.length > 1 ? 0.004 : 0;
  const rings = parts.map((part) => {
    const to = from + part.share;
    const ring = arc(46, 20, from + gap, Math.max(from + gap, to - gap), { class: part.color });
    ring.append(draw("title", null, part.label));
    from = to;
    return ring;
  });
  return draw("svg", { viewBox: "0 0 120 120", class: "donut", role: "img", "aria-label": label },
    arc(46, 20, 0, 1, { class: "track" }), rings,
    draw("text", { x: 60, y: 59, class: "number" }, middle[0]),
    draw("text", { x: 60, y: 73, class: "unit" }, middle[1]));
}

/// A bar of parts: { share, color, label }.
function stack(parts) {
  return el("span", { class: "stack", "aria-hidden": "true" },
    parts.filter((part) => part.share > 0).map((part) =>
      el("span", { class: `part ${part.color}`, "--share": part.share, title: part.label })));
}

/// A line over time: points { x, y, label }, drawn between `low` and `high`.
function line(points, low, high, label) {
  const [width, height, pad] = [600, 230, 12];
  const [first, last] = [points[0].x, points[points.length - 1].x];
  const x = (point) => pad + ((point.x - first) / (last - first || 1)) * (width - 2 * pad);
  const y = (point) => height - pad - ((point.y - low) / (high - low || 1)) * (height - 2 * pad);
  const path = points.map((point, i) => `${i ? "L" : "M"}${x(point).toFixed(1)} ${y(point).toFixed(1)}`).join("");
  const area = `${path}L${x(points[points.length - 1]).toFixed(1)} ${height - pad}L${x(points[0]).toFixed(1)} ${height - pad}Z`;
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "line", role: "img", "aria-label": label },
    [0, 0.5, 1].map((share) => draw("line", {
      x1: pad, x2: width - pad, class: "rule",
      y1: pad + share * (height - 2 * pad), y2: pad + share * (height - 2 * pad),
    })),
    draw("path", { d: area, class: "area" }),
    draw("path", { d: path, class: "curve" }),
    points.map((point, i) => {
      const dot = draw("circle", { cx: x(point), cy: y(point), r: i === points.length - 1 ? 5 : 3, class: "dot" });
      dot.append(draw("title", null, point.label));
      return dot;
    }));
}
