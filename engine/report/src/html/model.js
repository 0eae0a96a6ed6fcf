// The data of the page, and the findings as they are filtered and sorted.

const DATA = JSON.parse(byId("data").textContent);
const ROWS = DATA.findings;
const TOTAL = ROWS.check.length;
const SEVERITIES = ["critical", "high", "medium", "low"];
const STATES = ["open", "pending", "exempt", ...(DATA.summary.undetermined_note ? ["undetermined"] : [])];

const CURRENCY = DATA.snapshot.currency || "";
const money = (amount) => `${CENTS.format(amount)} ${CURRENCY}`.trim();
const roundMoney = (amount) => `${SHORT.format(amount)} ${CURRENCY}`.trim();

const text = (number) => (number < 0 ? null : DATA.strings[number]);
const checkOf = (row) => DATA.checks[ROWS.check[row]];
const severityOf = (row) => checkOf(row).severity;
const nameOf = (row) => text(ROWS.name[row]) || text(ROWS.resource[row]);

/// What was found, in words: a value, or that there is none.
function foundIn(row) {
  const value = text(ROWS.value[row]);
  if (value !== null) return value === "" ? "(empty)" : value;
  return ROWS.shows_value[row] ? "missing" : "";
}

/// The state that the table shows first: pending findings if none is open, as in a first run.
const USUAL_STATE = DATA.summary.pending > 0 && DATA.summary.open.every((open) => open === 0) ? 1 : 0;

// What the table shows. A set that is empty lets everything through.
const FILTER = {
  text: "",
  severity: new Set(),
  state: new Set([USUAL_STATE]),
  policy: "",
  check: "",
  account: "",
  tag: "",
  onlyNew: false,
};

const SORT = { column: "severity", down: false };

const COLUMNS = [
  { id: "severity", title: "Severity", key: severityOf },
  { id: "resource", title: "Resource", key: nameOf },
  { id: "account", title: "Account", key: (row) => text(ROWS.account[row]) },
  { id: "tag", title: "Tag", key: (row) => text(ROWS.tag[row]) },
  { id: "value", title: "Found", key: foundIn },
  { id: "check", title: "Policy / check", key: (row) => `${checkOf(row).policy}/${checkOf(row).check}` },
  { id: "cost", title: "Cost a month", key: (row) => ROWS.cost[row], number: true },
];

// Text that a search looks through, made when a finding is first searched.
const searched = new Array(TOTAL);

function searchText(row) {
  let found = searched[row];
  if (found === undefined) {
    const check = checkOf(row);
    const columns = [ROWS.resource, ROWS.name, ROWS.type, ROWS.account, ROWS.region, ROWS.tag, ROWS.value, ROWS.message];
    const texts = columns.map((column) => text(column[row]) || "");
    found = `${texts.join("\n")}\n${check.policy}/${check.check}`.toLowerCase();
    searched[row] = found;
  }
  return found;
}

function matches(row, words) {
  const check = checkOf(row);
  return (
    (FILTER.state.size === 0 || FILTER.state.has(ROWS.state[row])) &&
    (FILTER.severity.size === 0 || FILTER.severity.has(check.severity)) &&
    (FILTER.policy === "" || FILTER.policy === check.policy) &&
    (FILTER.check === "" || FILTER.check === `${check.policy}/${check.check}`) &&
    (FILTER.account === "" || FILTER.account === (text(ROWS.account[row]) || "")) &&
    (FILTER.tag === "" || FILTER.tag === text(ROWS.tag[row])) &&
    (!FILTER.onlyNew || ROWS.new[row] === 1) &&
    words.every((word) => searchText(row).includes(word))
  );
}

/// Missing values come last, whichever way is sorted.
function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 2;
  if (b === null || b === undefined) return -2;
  return a < b ? -1 : 1;
}

// What is not known costs less than any credit.
const COSTS = Float64Array.from(ROWS.cost, (cost) => cost ?? -1e300);

// The keys of a column by row, made when it is first sorted by.
const keysOf = new Map();

function sortKeys(column) {
  let keys = keysOf.get(column.id);
  if (!keys) {
    keys = Array.from({ length: TOTAL }, (_, row) => column.key(row));
    keysOf.set(column.id, keys);
  }
  return keys;
}

function sorted(rows) {
  const keys = sortKeys(COLUMNS.find((one) => one.id === SORT.column));
  const sign = SORT.down ? -1 : 1;
  return rows.sort((a, b) => {
    const order = compare(keys[a], keys[b]);
    if (order) return order === 2 || order === -2 ? order : order * sign;
    // Of equals the most expensive first, then as they were.
    return COSTS[b] - COSTS[a] || a - b;
  });
}

/// The findings that the table shows, in their order.
function visibleRows() {
  const words = FILTER.text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [];
  for (let row = 0; row < TOTAL; row += 1) if (matches(row, words)) rows.push(row);
  return sorted(rows);
}
