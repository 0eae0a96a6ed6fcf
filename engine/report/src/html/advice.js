// Advice: steps, each with the numbers of the facts that it follows from.

/// A sentence of [text, whether it is a name, a value or a command].
const sentence = (parts) => parts.map(([text, isCode]) => (isCode ? foreign(el("code", null, text)) : text));

function advice() {
  if (!DATA.advice) return;
  const { sections, facts } = DATA.advice;
  const steps = sections.map(({ title, steps }) => card(title, { class: "advice" },
    el("ol", null, steps.map((step) => el("li", null, sentence(step.parts), " ", el("small", null, `[${step.facts.join(", ")}]`))))));
  const list = el("dl", null, facts.map((fact) => [el("dt", null, fact.id), el("dd", null, sentence(fact.parts))]));
  const cited = el("details", null, el("summary", null, `${several(facts.length, "fact")} that the advice follows from`), list);
  addEventListener("beforeprint", () => { cited.open = true; });
  byId("advice").append(...steps, card("Facts", { class: "advice-facts" }, cited));
}
