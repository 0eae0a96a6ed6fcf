// Sign in, set a password, the list, one resource. Texts of clouds are set as texts, never as HTML.
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

// A form whose button does some work, and shows what goes wrong.
function form(fields, label, work) {
  const button = element("button", {}, label);
  const made = element("form", {}, ...fields.map(([name, input]) => element("label", {}, `${name} `, input)), button);
  made.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    main.querySelectorAll(".error").forEach((error) => error.remove());
    try {
      await work();
    } catch (error) {
      showError(error);
    }
    button.disabled = false;
  };
  return made;
}

const input = (type, name, autocomplete, required = true) => element("input", { type, name, autocomplete, required });

async function signIn() {
  const link = location.hash.slice(1);
  history.replaceState(null, "", `/sign-in${location.search}`);
  const email = input("email", "email", "username");
  const password = input("password", "password", "current-password");
  const { items } = await api("GET", "/api/v1/auth/oidc");
  const providers = items.map((one) => element("p", {}, element("a", { href: one.start }, `Sign in with ${one.title}`)));
  show(element("h1", {}, "Sign in"), ...providers, form([["Email", email], ["Password", password]], "Sign in", async () => {
    await api("POST", "/api/v1/auth/login", { email: email.value, password: password.value });
    location.replace("/");
  }));
  const refusal = new URLSearchParams(location.search).get("error");
  if (refusal) showError(new Error(REFUSALS[refusal] ?? "Signing in failed. Try again."));
  if (!link) return;
  try {
    await api("POST", "/api/v1/auth/login", { link });
    location.replace("/");
  } catch (error) {
    showError(error);
  }
}

function setPassword() {
  const current = input("password", "current", "current-password", false);
  const next = input("password", "new", "new-password");
  show(element("h1", {}, "Password"),
    element("p", {}, "An account that signed in with a link has no password yet. All other sessions end."),
    form([["Current password, if there is one", current], ["New password, at least 12 characters", next]], "Save",
      async () => {
        const body = { new: next.value, ...(current.value && { current: current.value }) };
        await api("PUT", "/api/v1/auth/password", body);
        location.replace("/");
      }));
}

async function list() {
  const query = new URLSearchParams(location.search);
  const words = query.get("q") ?? "";
  const page = await api("GET", `/api/v1/resources?limit=100&${query}`);
  const names = page.items[0]?.virtual_tags.map((tag) => tag.key) ?? [];
  const head = ["Name", "Type", "Compliance", "Monthly cost", ...names];
  const rows = page.items.map((item) => element("tr", {},
    element("td", {}, element("a", { href: `/resources/${item.key}` }, item.resource_name ?? item.resource_id)),
    element("td", {}, item.resource_type),
    element("td", {}, item.compliance),
    element("td", { className: "number" }, item.monthly_cost),
    ...item.virtual_tags.map((tag) => element("td", {}, tag.value))));
  const search = element("input", { type: "search", name: "q", value: words });
  const next = page.next && new URLSearchParams({ ...(words && { q: words }), cursor: page.next });
  show(element("h1", {}, `${page.total} resources`),
    element("form", { action: "/" }, element("label", {}, "Search ", search), element("button", {}, "Search")),
    element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "resources" }, element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...rows))),
    next ? element("p", {}, element("a", { href: `/?${next}`, rel: "next" }, "Next page")) : "");
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
    element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "tags" },
      element("table", {}, element("tbody", {}, ...rows))), element("ul", {}, ...findings));
}

async function start() {
  if (location.pathname === "/sign-in") return signIn();
  const me = await api("GET", "/api/v1/auth/me");
  const out = element("button", { type: "button" }, "Sign out");
  out.onclick = () => api("POST", "/api/v1/auth/logout").finally(() => location.replace("/sign-in"));
  document.getElementById("who").append(`${me.name} (${me.role}) `, element("a", { href: "/password" }, "Password"), " ", out);
  if (location.pathname === "/password") return setPassword();
  const of = location.pathname.match(/^\/resources\/(.+)$/);
  return of ? detail(decodeURIComponent(of[1])) : list();
}

// Somebody opens a link where the page is open already.
addEventListener("hashchange", () => location.reload());

start().catch((error) => {
  if (["not-signed-in", "wrong-credentials"].includes(error.problem?.code) && location.pathname !== "/sign-in") {
    location.replace("/sign-in");
  } else {
    show();
    showError(error);
    if (error.problem?.code === "not-ready") setTimeout(() => location.reload(), 1000);
  }
});
