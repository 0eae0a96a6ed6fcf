// The table of findings: only the rows in sight are in the page, so that 50,000 scroll like 50.

const ROW = 44;
// Browsers cannot make an element much higher; beyond, scrolling takes larger steps.
const HIGHEST = 8000000;
const PRINTED = 300;

const GRID = { rows: [], active: 0, first: -1, last: -1, body: null, sizer: null, frame: 0 };

function cell(column, row) {
  const check = checkOf(row);
  const attributes = { role: "gridcell", class: `cell ${column.id}` };
  switch (column.id) {
    case "severity":
      return el("span", attributes, el("span", { class: `mark ${SEVERITIES[check.severity]}` }, SEVERITIES[check.severity]),
        ROWS.state[row] !== 0 && el("small", null, STATES[ROWS.state[row]]), ROWS.new[row] === 1 && el("small", { class: "new" }, "new"));
    case "resource":
      return el("span", attributes, foreign(nameOf(row)), el("small", null, foreign(text(ROWS.type[row]) || text(ROWS.resource[row]))));
    case "account":
      return el("span", attributes, foreign(text(ROWS.account[row]) || "–"), el("small", null, [text(ROWS.provider[row]), text(ROWS.region[row])].filter(Boolean).join(" · ")));
    case "tag":
      return el("span", attributes, text(ROWS.tag[row]) || "–");
    case "value":
      return el("span", attributes, text(ROWS.value[row]) === null ? el("em", null, foundIn(row)) : el("code", null, foreign(foundIn(row))));
    case "check":
      return el("span", attributes, check.check, el("small", null, check.policy));
    default:
      return el("span", attributes, ROWS.cost[row] === null ? "–" : money(ROWS.cost[row]));
  }
}

function rowElement(index) {
  const row = GRID.rows[index];
  const node = el("div", {
    class: `row${index === GRID.active ? " active" : ""}`, role: "row", id: `row-${index}`,
    "aria-rowindex": index + 2, onclick: () => { activate(index); openDetail(row); },
  }, COLUMNS.map((column) => cell(column, row)));
  node.style.top = `${index * ROW - GRID.shift}px`;
  return node;
}

function renderRows(force) {
  const height = byId("grid").clientHeight || 600;
  const total = GRID.rows.length * ROW;
  const shown = Math.min(total, HIGHEST);
  const room = Math.max(1, shown - height);
  // Where in all rows the window is; the same as the scroll position unless there are very many.
  const at = total > shown ? (byId("grid").scrollTop / room) * (total - height) : byId("grid").scrollTop;
  const first = Math.max(0, Math.floor(at / ROW) - 6);
  const last = Math.min(GRID.rows.length, Math.ceil((at + height) / ROW) + 6);
  const shift = total > shown ? at - byId("grid").scrollTop : 0;
  if (!force && first === GRID.first && last === GRID.last && shift === GRID.shift) return;
  Object.assign(GRID, { first, last, shift });
  const nodes = [];
  for (let index = first; index < last; index += 1) nodes.push(rowElement(index));
  GRID.sizer.replaceChildren(...nodes);
}

function activate(index) {
  GRID.active = Math.max(0, Math.min(GRID.rows.length - 1, index));
  const grid = byId("grid");
  const total = GRID.rows.length * ROW;
  const shown = Math.min(total, HIGHEST);
  const height = grid.clientHeight - ROW;
  const scale = total > shown ? (shown - height) / (total - height) : 1;
  const top = GRID.active * ROW;
  if (top * scale < grid.scrollTop) grid.scrollTop = top * scale;
  else if ((top + ROW - height) * scale > grid.scrollTop) grid.scrollTop = (top + ROW - height) * scale;
  renderRows(true);
  grid.setAttribute("aria-activedescendant", `row-${GRID.active}`);
}

function onKey(event) {
  if (event.target !== byId("grid")) return;
  const page = Math.max(1, Math.floor(byId("grid").clientHeight / ROW) - 2);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key in moves) activate(Math.max(0, Math.min(GRID.rows.length - 1, GRID.active + moves[event.key])));
  else if ((event.key === "Enter" || event.key === " ") && GRID.rows.length) openDetail(GRID.rows[GRID.active]);
  else return;
  event.preventDefault();
}

function heading(column) {
  const sorted = SORT.column === column.id;
  const way = sorted ? (SORT.down ? "descending" : "ascending") : "none";
  return el("span", { role: "columnheader", class: `cell ${column.id}`, "aria-sort": way },
    el("button", { type: "button", onclick: () => sortBy(column) }, column.title, el("span", { "aria-hidden": "true" }, sorted ? (SORT.down ? " ↓" : " ↑") : "")));
}

function sortBy(column) {
  // Costs are looked at from the top.
  SORT.down = SORT.column === column.id ? !SORT.down : Boolean(column.number);
  SORT.column = column.id;
  GRID.head.replaceChildren(...COLUMNS.map(heading));
  refresh();
}

/// Shows what the filter lets through.
function refresh() {
  GRID.rows = visibleRows();
  GRID.active = 0;
  const grid = byId("grid");
  grid.setAttribute("aria-rowcount", GRID.rows.length + 1);
  grid.setAttribute("aria-activedescendant", GRID.rows.length ? "row-0" : "");
  GRID.sizer.style.height = `${Math.min(GRID.rows.length * ROW, HIGHEST)}px`;
  grid.scrollTop = 0;
  renderRows(true);
  if (document.documentElement.dataset.ready) writeLink();
  const cost = costOf(GRID.rows);
  byId("count").textContent = `${count(GRID.rows.length)} of ${several(TOTAL, "finding")}${cost === null ? "" : ` · resources of ${money(cost)} a month`}`
    + (ROWS.left_out ? ` · ${count(ROWS.left_out)} more are not in this page` : "");
}

/// What the resources of the rows cost, each counted once.
function costOf(rows) {
  const seen = new Set();
  let cost = null;
  for (const row of rows) {
    if (ROWS.cost[row] === null || seen.has(ROWS.resource[row])) continue;
    seen.add(ROWS.resource[row]);
    cost = (cost || 0) + ROWS.cost[row];
  }
  return cost;
}

function openDetail(row) {
  const check = checkOf(row);
  const facts = [
    ["Resource", text(ROWS.resource[row])], ["Name", text(ROWS.name[row])], ["Type", text(ROWS.type[row])],
    ["Provider", text(ROWS.provider[row])], ["Account", text(ROWS.account[row])], ["Region", text(ROWS.region[row])],
    ["Tag", text(ROWS.tag[row])], ["Found", foundIn(row)], ["Fix", text(ROWS.remedy[row])],
    ["Cost a month", ROWS.cost[row] === null ? null : money(ROWS.cost[row])],
    ["Policy", `${check.policy}/${check.check}`], ["Written at", `${check.file}:${check.line}`],
    ["Controls", check.controls.map((control) => control.join(" ")).join(", ")], ["Escalates to", check.escalate],
  ];
  const waiver = ROWS.waiver[row] < 0 ? null : DATA.waivers[ROWS.waiver[row]];
  if (waiver) facts.push(["Waived", `${waiver.because} (until ${waiver.until})`]);
  const dialog = byId("detail");
  dialog.replaceChildren(
    el("form", { method: "dialog" }, el("button", { class: "quiet", "aria-label": "Close" }, "✕")),
    el("p", null, el("span", { class: `mark ${SEVERITIES[check.severity]}` }, SEVERITIES[check.severity]), " ", STATES[ROWS.state[row]]),
    el("h2", { id: "detail-title" }, foreign(text(ROWS.message[row]))),
    check.doc && el("p", { class: "hint" }, check.doc),
    el("dl", null, facts.filter(([, value]) => value).map(([what, value]) => [el("dt", null, what), el("dd", null, foreign(value))])));
  if (dialog.showModal && !dialog.open) dialog.showModal();
}

// The filters.

function choice(id, label, values) {
  const select = el("select", { id: `filter-${id}`, onchange: (event) => { FILTER[id] = event.target.value; refresh(); } },
    el("option", { value: "" }, `any ${label}`), values.map((value) => el("option", { value }, value)));
  return values.length > 1 ? el("label", null, el("span", { class: "unseen" }, label), select) : null;
}

function toggles(name, values, set, counts) {
  return el("div", { class: "switch", role: "group", "aria-label": name }, values.map((value, at) => counts[at] > 0 && el("button", {
    type: "button", class: value, "aria-pressed": String(set.has(at)), "data-filter": `${name}-${at}`,
    onclick: () => {
      if (set.has(at)) set.delete(at); else set.add(at);
      showFilter();
      refresh();
    },
  }, value)));
}

function distinct(column) {
  const found = new Set(column);
  return [...found].map(text).filter((value) => value !== null && value !== "").sort(compare);
}

function countOf(values, keyOf) {
  const counts = values.map(() => 0);
  for (let row = 0; row < TOTAL; row += 1) counts[keyOf(row)] += 1;
  return counts;
}

function makeFilters() {
  const policies = [...new Set(DATA.checks.filter((check) => check.open + check.pending + check.exempt > 0).map((check) => check.policy))];
  const checks = [...new Set(DATA.checks.filter((check) => check.open + check.pending + check.exempt > 0).map((check) => `${check.policy}/${check.check}`))];
  const search = el("input", {
    id: "filter-text", type: "search", placeholder: "Search resources, tags, values…", "aria-label": "Search the findings", autocomplete: "off",
    oninput: (event) => {
      FILTER.text = event.target.value;
      cancelAnimationFrame(GRID.frame);
      GRID.frame = requestAnimationFrame(refresh);
    },
  });
  const fresh = ROWS.new.length > 0 && el("button", {
    type: "button", id: "filter-new", "aria-pressed": "false",
    onclick: () => { FILTER.onlyNew = !FILTER.onlyNew; showFilter(); refresh(); },
  }, "only new");
  byId("filters").append(...[search,
    toggles("severity", SEVERITIES, FILTER.severity, countOf(SEVERITIES, severityOf)),
    toggles("state", STATES, FILTER.state, countOf(STATES, (row) => ROWS.state[row])),
    choice("policy", "policy", policies), choice("check", "check", checks), choice("account", "account", distinct(ROWS.account)),
    choice("tag", "tag", distinct(ROWS.tag)), fresh,
    el("button", { type: "button", id: "filter-clear", class: "link", onclick: () => { clearFilter(); refresh(); } }, "Clear")].filter(Boolean));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

/// Makes the controls say what the filter is.
function showFilter() {
  byId("filter-text").value = FILTER.text;
  for (const id of ["policy", "check", "account", "tag"]) if (byId(`filter-${id}`)) byId(`filter-${id}`).value = FILTER[id];
  for (const button of byId("filters").querySelectorAll("[data-filter]")) {
    const [name, at] = button.dataset.filter.split("-");
    button.setAttribute("aria-pressed", String(FILTER[name].has(Number(at))));
  }
  if (byId("filter-new")) byId("filter-new").setAttribute("aria-pressed", String(FILTER.onlyNew));
}

function clearFilter() {
  Object.assign(FILTER, { text: "", policy: "", check: "", account: "", tag: "", onlyNew: false });
  FILTER.severity.clear();
  FILTER.state.clear();
  FILTER.state.add(USUAL_STATE);
  showFilter();
}

/// Shows the findings of one group, and goes there.
function showOnly(only) {
  clearFilter();
  if (only.state !== undefined) FILTER.state.clear();
  if (only.state !== undefined) FILTER.state.add(only.state);
  if (only.severity !== undefined) FILTER.severity.add(only.severity);
  for (const id of ["policy", "check", "account", "tag"]) if (only[id] !== undefined) FILTER[id] = only[id];
  showFilter();
  refresh();
  byId("findings").scrollIntoView({ block: "start" });
  byId("grid").focus({ preventScroll: true });
}

/// Paper does not scroll: the first findings as a plain table.
function printFindings() {
  const rows = GRID.rows.slice(0, PRINTED);
  const titles = ["Severity", "Resource", "Account", "Policy / check", "Problem", "Cost a month"];
  const values = (row) => [SEVERITIES[severityOf(row)], nameOf(row), text(ROWS.account[row]), `${checkOf(row).policy}/${checkOf(row).check}`,
    text(ROWS.message[row]), ROWS.cost[row] === null ? "" : money(ROWS.cost[row])];
  byId("print-findings").replaceChildren(
    el("table", { class: "plain" }, el("thead", null, el("tr", null, titles.map((title) => el("th", null, title)))),
      el("tbody", null, rows.map((row) => el("tr", null, values(row).map((value) => el("td", null, foreign(value || ""))))))),
    el("p", null, GRID.rows.length > PRINTED ? `… and ${count(GRID.rows.length - PRINTED)} more` : ""));
}

function makeTable() {
  GRID.shift = 0;
  GRID.head = el("div", { class: "row heads", role: "row", "aria-rowindex": 1 }, COLUMNS.map(heading));
  GRID.sizer = el("div", { class: "sizer", role: "rowgroup" });
  byId("grid").append(el("div", { role: "rowgroup", class: "sticky" }, GRID.head), GRID.sizer);
  byId("grid").addEventListener("scroll", () => {
    cancelAnimationFrame(GRID.frame);
    GRID.frame = requestAnimationFrame(() => renderRows(false));
  }, { passive: true });
  byId("grid").addEventListener("keydown", onKey);
  addEventListener("resize", () => renderRows(true));
  addEventListener("beforeprint", printFindings);
  makeFilters();
  showFilter();
  refresh();
}
