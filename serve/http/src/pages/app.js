// Sign in, the list, one resource. Texts of clouds are set as texts, never as HTML.
const main = document.getElementById("main");

async function api(method, path, body, headers = {}) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json", ...headers } : headers,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw Object.assign(new Error(value?.detail ?? response.statusText), { problem: value });
  return value;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.map((child) => child ?? "–"));
  return made;
}

function show(...children) {
  main.replaceChildren(...children);
}

function showError(error) {
  const help = error.problem?.help ? ` (${error.problem.help})` : "";
  main.append(element("p", { className: "error", role: "alert" }, error.message + help));
}

const REFUSALS = {
  "not-begun": "Signing in took too long, or began in another browser. Try again.",
  "provider-refused": "The identity provider refused the sign-in.",
  "provider-unavailable": "The identity provider cannot be reached. Try again later.",
  "not-accepted": "The response of the identity provider was not accepted. Try again.",
  "no-role": "Your groups have no role here. Ask an administrator.",
  "account-disabled": "Your account is disabled.",
  "account-of-other-tenants": "Your account belongs to other organizations as well. Sign in with your password.",
};

async function signIn() {
  const link = location.hash.slice(1);
  history.replaceState(null, "", `/sign-in${location.search}`);
  if (link) {
    await api("POST", "/api/v1/auth/login", { link });
    location.replace("/");
    return;
  }
  const email = element("input", { type: "email", name: "email", autocomplete: "username", required: true });
  const password = element("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const form = element("form", {}, element("label", {}, "Email ", email), element("label", {}, "Password ", password),
    element("button", {}, "Sign in"));
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api("POST", "/api/v1/auth/login", { email: email.value, password: password.value });
      location.replace("/");
    } catch (error) {
      showError(error);
    }
  };
  const { items } = await api("GET", "/api/v1/auth/oidc");
  const providers = items.map((one) => element("p", {}, element("a", { href: one.start }, `Sign in with ${one.title}`)));
  show(element("h1", {}, "Sign in"), ...providers, form);
  const refusal = new URLSearchParams(location.search).get("error");
  if (refusal) showError(new Error(REFUSALS[refusal] ?? "Signing in failed. Try again."));
}

async function list() {
  const page = await api("GET", "/api/v1/resources?limit=100");
  const names = page.items[0]?.virtual_tags.map((tag) => tag.key) ?? [];
  const head = ["Name", "Type", "Compliance", "Monthly cost", ...names];
  const rows = page.items.map((item) => element("tr", {},
    element("td", {}, element("a", { href: `/resources/${item.key}` }, item.resource_name ?? item.resource_id)),
    element("td", {}, item.resource_type),
    element("td", {}, item.compliance),
    element("td", { className: "number" }, item.monthly_cost),
    ...item.virtual_tags.map((tag) => element("td", {}, tag.value))));
  show(element("h1", {}, `${page.total} resources`), element("table", {},
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows)));
}

async function detail(key) {
  const resource = await api("GET", `/api/v1/resources/${encodeURIComponent(key)}`);
  const change = async (work) => {
    try {
      await work();
      await detail(key);
    } catch (error) {
      showError(error);
    }
  };
  const rows = resource.virtual_tags.map((tag) => {
    const match = tag.version === null ? {} : { "If-Match": `"${tag.version}"` };
    const value = element("input", { value: tag.value ?? "", ariaLabel: `value of ${tag.key}` });
    const save = element("button", { type: "button" }, "Save");
    save.onclick = () => change(() => api("PUT", `/api/v1/virtual-tags/${tag.id}`, { value: value.value }, match));
    const unset = element("button", { type: "button", disabled: tag.version === null }, "Take back");
    unset.onclick = () => change(() => api("DELETE", `/api/v1/virtual-tags/${tag.id}`, undefined, match));
    return element("tr", {}, element("th", { scope: "row" }, tag.key), element("td", {}, value),
      element("td", {}, tag.source), element("td", {}, save, " ", unset));
  });
  const findings = resource.compliance_status.violations.map((one) =>
    element("li", {}, `${one.severity}: ${one.policy}: ${one.message} (${one.state})`));
  show(element("h1", {}, resource.resource_name ?? resource.resource_id), element("p", {}, resource.resource_id),
    element("p", {}, `Compliance: ${resource.compliance_status.status}`),
    element("table", {}, element("tbody", {}, ...rows)), element("ul", {}, ...findings));
}

async function start() {
  if (location.pathname === "/sign-in") return signIn();
  const me = await api("GET", "/api/v1/auth/me");
  document.getElementById("who").textContent = `${me.name} (${me.role})`;
  const of = location.pathname.match(/^\/resources\/(.+)$/);
  return of ? detail(decodeURIComponent(of[1])) : list();
}

start().catch((error) => {
  if (["not-signed-in", "wrong-credentials"].includes(error.problem?.code) && location.pathname !== "/sign-in") {
    location.replace("/sign-in");
  } else {
    show();
    showError(error);
    if (error.problem?.code === "not-ready") setTimeout(() => location.reload(), 1000);
  }
});
