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

/// A share in percent, cut off: 100% only where nothing is missing.
function percent(part, whole) {
  if (!whole) return "–";
  const tenths = Math.floor((part / whole) * 1000);
  return tenths % 10 === 0 || tenths >= 990 ? `${tenths / 10}%` : `${Math.floor(tenths / 10)}%`;
}

/// A foreign text; directions of writing in it end with it.
const foreign = (text) => el("bdi", null, text);
