// Puts the page together.

const THEMES = ["auto", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" }[theme];
  byId("theme").setAttribute("aria-label", `Colors: ${theme}. Change them`);
}

/// The theme that was chosen before; browsers may keep nothing for a file.
function storedTheme() {
  try {
    const stored = localStorage.getItem("tagpol-theme");
    return THEMES.includes(stored) ? stored : "auto";
  } catch {
    return "auto";
  }
}

function makeHead() {
  const { snapshot } = DATA;
  const title = DATA.project || "Tag report";
  document.title = `${title}: ${DATA.summary.score === null ? "n/a" : `${DATA.summary.score.toFixed(1)} of 100`}`;
  byId("project").textContent = title;
  const sources = snapshot.sources.length > 1 ? `${snapshot.sources[0]} and ${several(snapshot.sources.length - 1, "other file")}` : snapshot.sources[0];
  const facts = [several(DATA.summary.resources, "resource"), sources, snapshot.month && `costs of ${snapshot.month}`, `${DATA.now.slice(0, 16).replace("T", " ")} UTC`];
  byId("facts").append(...facts.filter(Boolean).map((fact) => el("span", null, foreign(fact))));
  const notes = [];
  if (snapshot.rejected_rows) notes.push(`${several(snapshot.rejected_rows, "row")} of the inventory could not be read.`);
  if (DATA.summary.conflicts) notes.push(`${several(DATA.summary.conflicts, "tag")} had two different values of equal rank; the first value is used.`);
  if (snapshot.unattributed) notes.push(`Not included in the costs above: ${money(snapshot.unattributed)} in charges without a resource.`);
  byId("foot").append(`tagpol ${DATA.version} · snapshot ${snapshot.id} · tags are virtual tags. `, notes.join(" "));
  setTheme(storedTheme());
  byId("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    setTheme(next);
    try {
      localStorage.setItem("tagpol-theme", next);
    } catch {
      // It lasts as long as the page then.
    }
  });
}

makeHead();
overview();
groups();
tagCards();
advice();
readLink();
makeTable();
document.documentElement.dataset.ready = "true";
