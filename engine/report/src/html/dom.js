// Making elements. Texts become text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

function put(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/// An element of the page.
function el(tag, attributes, ...children) {
  return put(document.createElement(tag), attributes, children);
}

/// An element of a drawing.
function draw(tag, attributes, ...children) {
  return put(document.createElementNS(SVG, tag), attributes, children);
}

const byId = (id) => document.getElementById(id);

const NUMBER = new Intl.NumberFormat("en-US");
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const CENTS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const count = (number) => NUMBER.format(number);
const several = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

/// A share in percent, rounded; 100% and 0% are exact. From 99% on with one decimal.
function percent(part, whole) {
  if (!whole) return "–";
  const exact = (part / whole) * 100;
  if (part > 0 && exact < 0.5) return "<1%";
  if (exact < 98.5) return `${Math.round(exact)}%`;
  const rounded = Math.round(exact * 10) / 10;
  return `${part < whole ? Math.min(rounded, 99.9) : rounded}%`;
}

/// A foreign text; directions of writing in it end with it.
const foreign = (text) => el("bdi", null, text);
