// The cards above the table.

/// A card with a heading, and next to it what belongs there.
function card(title, attributes, ...children) {
  const { beside, ...rest } = attributes || {};
  return el("article", { ...rest, class: `card ${rest.class || ""}`.trim() },
    el("div", { class: "head" }, el("h2", null, title), beside), children);
}

/// A list of bars: { label, note, amount, share or parts, color, filter }. With a filter it is a
/// button that shows its findings.
function bars(items, most = 8) {
  const list = el("ul", { class: "bars" });
  const show = (all) => {
    const shown = all ? items : items.slice(0, most);
    list.replaceChildren(...shown.map(bar));
    if (!all && items.length > most) {
      const more = `Show ${count(items.length - most)} more`;
      list.append(el("li", null, el("button", { type: "button", class: "link", onclick: () => show(true) }, more)));
    }
  };
  show(false);
  return list;
}

function bar(item) {
  const parts = item.parts || [{ share: item.share, color: item.color || "accent", label: item.label }];
  const inside = [
    el("span", { class: "label" }, foreign(item.label), item.note && el("small", null, item.note)),
    el("span", { class: "amount" }, item.amount),
    stack(parts),
  ];
  if (!item.filter) return el("li", { class: "bar" }, inside);
  return el("li", null, el("button", { type: "button", class: "bar", title: "Show these findings", onclick: () => showOnly(item.filter) }, inside));
}

/// The share of resources in scope that have no open or pending finding.
const compliance = (group) => (group.in_scope > 0 ? percent(group.passing, group.in_scope) : "n/a");

/// The same with the number that it is a share of.
const complianceNote = (group) => (group.in_scope > 0 ? `${compliance(group)} of ${count(group.in_scope)} compliant` : "not in scope");

function overview() {
  const { summary } = DATA;
  const open = summary.open.reduce((sum, number) => sum + number, 0);
  const known = summary.cost !== null && summary.cost_in_violation !== null;
  const tile = (title, number, ...rest) =>
    el("div", { class: "tile" }, el("h3", null, title), el("p", { class: "big" }, number), rest);
  const severities = el("div", { class: "severities" }, SEVERITIES.map((severity, at) =>
    el("button", { type: "button", class: `tone ${severity}`, onclick: () => showOnly({ severity: at }) },
      el("strong", null, count(summary.open[at])), el("span", null, severity))));
  const share = (part, whole) => (whole > 0 ? Math.max(0, Math.min(1, part / whole)) : 0);
  const hero = card("Score", { class: "hero" }, gauge(summary.score),
    DATA.trend.length > 1 ? change(DATA.trend) : el("p", { class: "hint" }, "share of passing checks, weighted by severity"),
    summary.pending > 0 && el("p", { class: "hint" }, `${summary.score_without_pending.toFixed(1)} without pending findings`));
  const numbers = card("Now", { class: "numbers" },
    el("div", { class: "tiles" },
      tile("Compliant resources", compliance(summary),
        stack([{ share: share(summary.passing, summary.in_scope), color: "good", label: "compliant" }]),
        el("p", { class: "hint" }, `${count(summary.passing)} of ${count(summary.in_scope)} in scope${outOfScope(summary)}`)),
      known && tile("Spend in violation", roundMoney(summary.cost_in_violation),
        stack([{ share: share(summary.cost_in_violation, summary.spend), color: "poor", label: "in violation" }]),
        el("p", { class: "hint" }, `of ${money(summary.spend)} a month${summary.spend > summary.cost ? ` before ${money(summary.spend - summary.cost)} in credits` : ""}`)),
      tile("Open findings", SHORT.format(open),
        stack(SEVERITIES.map((severity, at) => ({ share: share(summary.open[at], open), color: severity, label: `${count(summary.open[at])} ${severity}` }))),
        el("p", { class: "hint" }, openNote(summary)))),
    severities,
    summary.pending_note && el("p", { class: "hint pending-note" }, `Pending: ${summary.pending_note}.`),
    summary.undetermined_note && el("p", { class: "hint pending-note" }, `Undetermined: ${summary.undetermined_note}.`));
  byId("overview").append(hero, numbers, ...[trend(), steps()].filter(Boolean));
}

function outOfScope({ resources, in_scope: inScope }) {
  const rest = resources - inScope;
  return rest > 0 ? `; ${count(rest)} ${rest === 1 ? "is" : "are"} not in the scope of any policy` : "";
}

function openNote(summary) {
  const parts = [];
  if (summary.new !== null) parts.push(`${count(summary.new)} new`);
  if (summary.pending) parts.push(`${count(summary.pending)} pending`);
  if (summary.exempt) parts.push(`${count(summary.exempt)} waived`);
  return parts.join(", ") || "nothing pending, nothing waived";
}

function change(trend) {
  const [before, now] = trend.slice(-2);
  const by = now.score - before.score;
  const arrow = by > 0 ? "▲" : by < 0 ? "▼" : "▬";
  const color = by > 0 ? "good" : by < 0 ? "poor" : "fair";
  return el("p", { class: `change ${color}` }, `${arrow} ${Math.abs(by).toFixed(1)} since ${before.at.slice(0, 10)}`);
}

function trend() {
  const runs = DATA.trend;
  if (runs.length < 2) return null;
  const scores = runs.map((run) => run.score);
  const [low, high] = [Math.max(0, Math.floor(Math.min(...scores) / 10) * 10 - 5), Math.min(100, Math.ceil(Math.max(...scores) / 10) * 10 + 5)];
  const points = runs.map((run) => ({ x: Date.parse(run.at), y: run.score, label: `${run.at.slice(0, 10)}: ${run.score.toFixed(1)}` }));
  const label = `Score from ${scores[0].toFixed(1)} on ${runs[0].at.slice(0, 10)} to ${scores[scores.length - 1].toFixed(1)}`;
  return card("Score over time", { class: "trend" }, line(points, low, high, label),
    el("p", { class: "axis" }, el("span", null, runs[0].at.slice(0, 10)), el("span", null, runs[runs.length - 1].at.slice(0, 10))));
}

/// What there is to read if no finding is open.
function noneOpen({ in_scope: inScope, pending }) {
  if (inScope === 0) return el("p", { class: "none-open" }, "No policy applies to any resource.");
  if (pending > 0) return el("p", { class: "none-open" }, `No finding is open; ${count(pending)} ${pending === 1 ? "is" : "are"} pending.`);
  return el("p", { class: "all-good" }, "✓ No finding is open.");
}

/// The checks that are worth fixing first.
function steps() {
  const worst = DATA.checks.filter((check) => check.open > 0)
    .sort((a, b) => a.severity - b.severity || (b.cost || 0) - (a.cost || 0) || b.open - a.open).slice(0, 4);
  if (worst.length === 0) return card(DATA.summary.pending > 0 ? "Fix first" : "Nothing to fix", { class: "steps" }, noneOpen(DATA.summary));
  return card("Fix first", { class: "steps" }, el("ol", null, worst.map((check) =>
    el("li", null, el("button", { type: "button", class: "step", onclick: () => showOnly({ check: `${check.policy}/${check.check}` }) },
      el("span", { class: `mark ${SEVERITIES[check.severity]}` }, SEVERITIES[check.severity]),
      el("strong", null, check.asks),
      el("small", null, `${several(check.open, "resource")}${check.cost ? `, ${money(check.cost)} a month` : ""} · ${check.policy}/${check.check}`))))));
}

function groups() {
  const policies = new Map();
  for (const check of DATA.checks) {
    const policy = policies.get(check.policy) || { ...check, open: 0, pending: 0, in_scope: 0, checks: [] };
    policy.open += check.open;
    policy.pending += check.pending;
    policy.in_scope += check.in_scope;
    policy.checks.push(check);
    policies.set(check.policy, policy);
  }
  const most = (items, key) => Math.max(1, ...items.map(key));
  const byOpen = [...policies.values()].sort((a, b) => b.open - a.open || a.severity - b.severity);
  const top = most(byOpen, (policy) => policy.open);
  const policyBars = byOpen.map((policy) => ({
    label: policy.policy, note: policy.doc, amount: standing({ ...policy, scope: policy.in_scope })[1],
    share: policy.open / top, color: SEVERITIES[policy.severity],
    filter: policy.open ? { policy: policy.policy } : policy.pending ? { policy: policy.policy, state: 1 } : null,
  }));
  const accounts = DATA.accounts.filter((account) => account.open > 0).sort((a, b) => b.open - a.open);
  const accountTop = most(accounts, (account) => account.open);
  const accountBars = accounts.map((account) => ({
    label: account.account || "(no account)", amount: count(account.open),
    note: `${account.provider || ""} · ${complianceNote(account)}${account.cost ? ` · ${roundMoney(account.cost)}` : ""}`,
    share: account.open / accountTop, filter: account.account ? { account: account.account } : null,
  }));
  const sum = (open) => open.reduce((all, number) => all + number, 0);
  const tags = [...DATA.tags].sort((a, b) => sum(b.open) - sum(a.open));
  const tagTop = most(tags, (tag) => sum(tag.open));
  const tagBars = tags.map((tag) => ({
    label: tag.tag, amount: count(sum(tag.open)), filter: { tag: tag.tag },
    parts: SEVERITIES.map((severity, at) => ({ share: tag.open[at] / tagTop, color: severity, label: `${count(tag.open[at])} ${severity}` })),
  }));
  const cards = [card("By policy", null, bars(policyBars))];
  if (accountBars.length) cards.push(card("By account", null, bars(accountBars)));
  if (tagBars.length) cards.push(card("By tag", null, bars(tagBars)));
  byId("groups").append(...cards);
}

const SOURCES = ["decided", "set", "native", "fill", "inferred", "default"];

function coverage() {
  const list = el("ul", { class: "coverage" });
  const hasCost = DATA.summary.cost > 0;
  let byCost = false;
  const amount = (part) => (byCost ? Math.max(0, part.cost || 0) : part.resources);
  const row = (tag) => {
    const all = tag.parts.reduce((sum, part) => sum + amount(part), 0);
    const of = (test) => tag.parts.filter(test).reduce((sum, part) => sum + amount(part), 0);
    const valid = of((part) => part.valid);
    const parts = SOURCES.map((source) => ({ color: `source-${source}`, what: source, part: of((one) => one.valid && one.source === source) }));
    parts.push({ color: "invalid", what: "present, not valid", part: of((one) => !one.valid && one.source !== null) });
    const shown = parts.map(({ color, what, part }) => ({ share: all ? part / all : 0, color, label: `${what}: ${percent(part, all)}` }));
    const summary = shown.filter((part) => part.share > 0).map((part) => part.label).join(", ");
    const missing = of((part) => part.source === null);
    return el("li", { title: `${summary}${summary ? ", " : ""}missing: ${percent(missing, all)}` },
      el("span", { class: "label" }, el("span", null, tag.tag),
        tag.importance !== null && el("small", { class: `importance ${SEVERITIES[tag.importance]}` }, SEVERITIES[tag.importance])),
      el("span", { class: "amount" }, percent(valid, all)),
      stack(shown),
      el("span", { class: "unseen" }, `${summary}, missing ${percent(missing, all)}`));
  };
  const rank = (tag) => tag.importance ?? SEVERITIES.length;
  const tags = [...DATA.breakdown.coverage].sort((a, b) => rank(a) - rank(b));
  const render = () => list.replaceChildren(...tags.map(row));
  const choice = (label, cost) => el("button", {
    type: "button", "aria-pressed": String(cost === byCost),
    onclick: (event) => {
      byCost = cost;
      for (const button of event.target.parentNode.children) button.setAttribute("aria-pressed", String(button === event.target));
      render();
    },
  }, label);
  render();
  const used = new Set(DATA.breakdown.coverage.flatMap((tag) => tag.parts.filter((part) => part.valid).map((part) => part.source)));
  const legend = el("p", { class: "legend" },
    SOURCES.filter((source) => used.has(source)).map((source) => el("span", { class: `key source-${source}` }, source)),
    el("span", { class: "key invalid" }, "not valid"), el("span", { class: "key missing" }, "missing"));
  const beside = hasCost && el("div", { class: "switch", role: "group", "aria-label": "Share of" }, choice("resources", false), choice("cost", true));
  return card("Coverage by tag", { class: "coverage-card", beside }, list, legend);
}

const valueName = (value) => (value === null ? "(missing)" : value === "" ? "(empty)" : value);

/// What the values of a tag cost; by number of resources where no cost is known.
function measured(by) {
  const all = [...by.groups.map((group) => ({ ...group, label: valueName(group.value) }))];
  if (by.others) all.push({ ...by.others, label: "all others", rest: true });
  const hasCost = DATA.summary.cost > 0;
  const amount = (group) => Math.max(0, hasCost ? group.cost || 0 : group.resources);
  const whole = all.reduce((sum, group) => sum + amount(group), 0) || 1;
  const show = (group) => (hasCost ? money(group.cost || 0) : several(group.resources, "resource"));
  return all.map((group) => ({ ...group, share: amount(group) / whole, shown: show(group) }));
}

function environments(by) {
  const parts = measured(by).map((group, at) => ({
    ...group, color: group.value === null && !group.rest ? "none" : group.rest ? "rest" : `slice-${at % 8}`,
  }));
  const hasCost = DATA.summary.cost > 0;
  const middle = hasCost ? [SHORT.format(DATA.summary.cost), `${CURRENCY} a month`.trim()] : [SHORT.format(DATA.summary.resources), "resources"];
  const label = parts.map((part) => `${part.label} ${percent(part.share, 1)}`).join(", ");
  return card(`${hasCost ? "Cost" : "Resources"} by ${by.tag}`, null, el("div", { class: "pie" }, donut(parts, middle, label),
    el("ul", { class: "slices" }, parts.map((part) => el("li", null,
      el("span", { class: `key ${part.color}` }, foreign(part.label)), el("span", { class: "amount" }, percent(part.share, 1)),
      el("small", null, part.shown))))));
}

function costCenters(by) {
  const groups = measured(by);
  const top = Math.max(...groups.filter((group) => !group.rest).map((group) => group.share), 0) || 1;
  const items = groups.map((group) => ({
    label: group.label, amount: group.shown, share: Math.min(1, group.share / top),
    color: group.rest || group.value === null ? "none" : "accent",
    note: `${percent(group.share, 1)} · ${complianceNote(group)}`,
  }));
  return card(`Top ${by.tag} by ${DATA.summary.cost > 0 ? "cost" : "resources"}`, null, bars(items, 11));
}

function heatMap(matrix) {
  const hasCost = DATA.summary.cost > 0;
  const amount = (cell) => (cell ? Math.max(0, hasCost ? cell.cost || 0 : cell.resources) : 0);
  const top = Math.max(1e-9, ...matrix.cells.flat().map(amount));
  const cell = (group) => {
    if (!group) return el("td", { class: "empty" }, el("span", { class: "unseen" }, "none"));
    const share = compliance(group);
    const shown = hasCost ? roundMoney(group.cost || 0) : count(group.resources);
    // The square root tells small amounts apart from nothing.
    const heat = Math.sqrt(amount(group) / top);
    return el("td", { class: heat > 0.68 ? "hot" : "", "--heat": heat.toFixed(3), title: `${several(group.resources, "resource")}, ${share} compliant` },
      el("strong", null, shown), el("small", null, share));
  };
  return card(`${matrix.tags[0]} × ${matrix.tags[1]}`, { class: "heat-card" },
    el("div", { class: "scroll" }, el("table", { class: "heat" },
      el("caption", { class: "unseen" }, `${hasCost ? "Cost a month" : "Resources"} and share of compliant resources by ${matrix.tags[0]} and ${matrix.tags[1]}`),
      el("thead", null, el("tr", null, el("td", null), matrix.columns.map((value) => el("th", { scope: "col" }, foreign(valueName(value)))))),
      el("tbody", null, matrix.rows.map((value, row) => el("tr", null,
        el("th", { scope: "row" }, foreign(valueName(value))), matrix.cells[row].map(cell)))))),
    el("p", { class: "hint" }, `${hasCost ? "Cost a month" : "Resources"}, and the share of resources in scope that are compliant`));
}

/// The cost of the last run of each month.
function months() {
  const last = new Map();
  for (const run of DATA.trend) if (run.cost !== null) last.set(run.at.slice(0, 7), run.cost);
  if (last.size < 2) return null;
  const top = Math.max(...last.values());
  const items = [...last].map(([month, cost]) => ({ label: month, amount: money(cost), share: top > 0 ? Math.max(0, cost) / top : 0 }));
  return card("Cost by month", null, bars(items.slice(-12), 12));
}

function goals() {
  if (DATA.goals.length === 0) return null;
  return card("Goals", null, el("ul", { class: "goals" }, DATA.goals.map((goal) => {
    const color = goal.met === null ? "none" : goal.met ? "good" : "poor";
    return el("li", null,
      el("span", { class: "label" }, el("span", null, goal.name), el("small", null, goal.about)),
      el("span", { class: `amount ${color}` }, goal.text || "–", el("small", null, ` of ${goal.target}`)),
      el("span", { class: "stack target", "--target": goal.at, "aria-hidden": "true" }, el("span", { class: `part ${color}`, "--share": Math.min(1, Math.max(0, goal.share || 0)) })),
      el("span", { class: "unseen" }, goal.met === null ? "nothing in scope" : goal.met ? "met" : "missed"),
      ...goal.missed.map(([value, reached]) => [el("span", { class: "label part-of" }, value), el("span", { class: "amount poor" }, reached)]).flat(),
      goal.others > 0 ? el("span", { class: "label part-of" }, `${count(goal.others)} more`) : null);
  })));
}

function controls() {
  const found = new Map();
  for (const check of DATA.checks) {
    for (const [framework, id] of check.controls) {
      const key = `${framework} ${id}`;
      const control = found.get(key) || { framework, id, checks: 0, passing: 0, open: 0, pending: 0, scope: 0, policies: new Set() };
      control.checks += 1;
      // A pending finding does not pass yet, and a check without resources in scope counts as nothing.
      control.passing += check.open + check.pending === 0 && check.in_scope > 0 ? 1 : 0;
      control.open += check.open;
      control.pending += check.pending;
      control.scope += check.in_scope;
      control.policies.add(check.policy);
      found.set(key, control);
    }
  }
  if (found.size === 0) return null;
  const rows = [...found.values()].sort((a, b) => b.open - a.open || compare(a.framework, b.framework) || compare(a.id, b.id));
  return card("Controls", null, el("div", { class: "scroll" }, el("table", { class: "plain" },
    el("thead", null, el("tr", null, ["Control", "Passing checks", "Open findings"].map((title, at) => el("th", { scope: "col", class: at ? "number" : "" }, title)))),
    el("tbody", null, rows.map((control) => el("tr", null,
      el("th", { scope: "row" }, foreign(`${control.framework} ${control.id}`), el("small", null, [...control.policies].join(", "))),
      el("td", { class: "number" }, `${control.passing} of ${control.checks}`),
      el("td", { class: `number ${standing(control)[0]}` }, standing(control)[1])))))));
}

/// The state of a control or a policy: a color, and a word or the number of its open findings.
function standing({ open, pending, scope }) {
  if (open > 0) return ["poor", count(open)];
  if (pending > 0) return ["fair", `${count(pending)} pending`];
  return scope > 0 ? ["good", "✓"] : ["", "nothing in scope"];
}

function waivers() {
  if (DATA.waivers.length === 0) return null;
  const soon = [...DATA.waivers].sort((a, b) => a.days - b.days);
  const when = (days) => (days < 0 ? `ended ${several(-days, "day")} ago` : days === 0 ? "ends today" : `${several(days, "day")} left`);
  return card("Waivers", null, el("ul", { class: "waivers" }, soon.map((waiver) => el("li", null,
    el("span", { class: "label" }, el("span", null, waiver.policy + (waiver.check ? `/${waiver.check}` : "")), el("small", null, foreign(waiver.because))),
    el("span", { class: `amount ${waiver.days < 0 ? "poor" : waiver.days <= 30 ? "fair" : ""}` }, when(waiver.days),
      el("small", null, `until ${waiver.until} · ${several(waiver.findings, "finding")}`))))));
}

/// Cards below each other; the last one takes what is left.
const column = (...cards) => el("div", { class: "column" }, cards.filter(Boolean));

/// What is reported by tag on the right of the coverage, and what it is worth next to it. Without tags to
/// tell costs by, the cards that remain stand side by side.
function tagCards() {
  const breakdown = DATA.breakdown || { coverage: [] };
  const left = [breakdown.coverage.length > 0 && coverage(), controls()].filter(Boolean);
  const pie = breakdown.environment && environments(breakdown.environment);
  const bill = breakdown.cost_center && costCenters(breakdown.cost_center);
  const heat = breakdown.matrix && heatMap(breakdown.matrix);
  const rest = [goals(), months(), waivers()].filter(Boolean);
  if (!pie && !bill) {
    byId("tags").append(...[...left, heat, ...rest].filter(Boolean));
    return;
  }
  const right = [el("div", { class: "pair" }, column(pie, ...rest), bill && column(bill)), heat].filter(Boolean);
  byId("tags").append(el("div", { class: "column third" }, left), el("div", { class: "column rest-of-row" }, right));
}
