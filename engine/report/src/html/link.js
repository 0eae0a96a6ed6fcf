// The filter and the order in the address, so that a link can show what its sender sees.

const LINKED = ["policy", "check", "account", "tag"];

const indexes = (names, all) => names.split(",").map((name) => all.indexOf(name)).filter((at) => at >= 0);

/// Takes over what the address says.
function readLink() {
  const link = new URLSearchParams(location.hash.slice(1));
  if ([...link].length === 0) return;
  FILTER.text = link.get("q") || "";
  for (const at of indexes(link.get("severity") || "", SEVERITIES)) FILTER.severity.add(at);
  if (link.has("state")) FILTER.state.clear();
  for (const at of indexes(link.get("state") || "", STATES)) FILTER.state.add(at);
  for (const id of LINKED) FILTER[id] = link.get(id) || "";
  FILTER.onlyNew = link.has("new") && ROWS.new.length > 0;
  const [, down, column] = /^(-?)(.*)$/.exec(link.get("sort") || "");
  if (COLUMNS.some((one) => one.id === column)) Object.assign(SORT, { column, down: down === "-" });
}

/// Puts what is shown into the address.
function writeLink() {
  const link = new URLSearchParams();
  const names = (set, all) => [...set].sort().map((at) => all[at]).join(",");
  if (FILTER.text) link.set("q", FILTER.text);
  if (FILTER.severity.size) link.set("severity", names(FILTER.severity, SEVERITIES));
  if (names(FILTER.state, STATES) !== STATES[USUAL_STATE]) link.set("state", names(FILTER.state, STATES));
  for (const id of LINKED) if (FILTER[id]) link.set(id, FILTER[id]);
  if (FILTER.onlyNew) link.set("new", "");
  if (SORT.column !== "severity" || SORT.down) link.set("sort", (SORT.down ? "-" : "") + SORT.column);
  try {
    history.replaceState(null, "", `#${link}`);
  } catch {
    // Some browsers do not let a file change its address.
  }
}
