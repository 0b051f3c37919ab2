"use strict";
// What the panel of details says, of an item and of a path, in words: no state.
const details = (() => {
  const get = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  // What stands behind the # of the address, in which each part has a name.
  const hash = (named) => `#${Object.entries(named).filter(([, value]) => value)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
  const symbol = (kind) => document.querySelector(`.legend [data-symbol="${CSS.escape(kind)}"]`).cloneNode(true);
  const named = ({ id, kind, label }) => make("li", {}, symbol(kind), make("a", { href: hash({ node: id }), textContent: label }));
  const number = (many) => many.toLocaleString("en-GB");
  const says = (text) => make("p", { textContent: text });
  const asks = (text) => make("p", { textContent: text, className: "asked" });

  function tell(heading, ...parts) {
    get("details-heading").textContent = heading;
    get("details").replaceChildren(...parts);
    document.querySelector(".details").scrollTop = 0;
  }

  function press(text, act) {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", act);
    return make("p", {}, button);
  }

  // `links` are its neighbours, with how each is linked to it; `parts` stand before its facts. Of
  // what is linked to it alike, `most` are listed.
  function item(told, links, parts, most = Infinity) {
    const facts = make("dl", {});
    for (const [heading, text] of [...told.facts, ["Identifier", told.id.replace(/^statement:/, "")]]) {
      facts.append(make("dt", { textContent: heading }), make("dd", { textContent: text }));
    }
    const groups = new Map();
    for (const { other, how } of links) groups.set(how, (groups.get(how) || new Set()).add(other));
    const linked = [...groups].flatMap(([how, others]) => [
      make("h3", { textContent: `${how} (${others.size > most ? `${most} of ` : ""}${number(others.size)})` }),
      make("ul", {}, ...[...others].slice(0, most).map(named)),
    ]);
    if ([...groups.values()].some(({ size }) => size > most)) linked.unshift(says(`Of links of one sort, ${most} are listed. “Neighbours only” puts all that it is linked to into the table.`));
    tell(told.label,
      make("p", { className: "kind" }, symbol(told.kind), make("span", { className: "name", textContent: told.kind })),
      ...(told.page ? [make("p", {}, make("a", { href: told.page, textContent: "Open its page" }))] : []),
      ...parts, ...(told.description ? [says(told.description)] : []), facts, ...linked);
  }

  // Each path is a list of items, with how each is linked to the one before; `many` are as short.
  function paths(first, many, parts) {
    const [from, to] = [first[0][0].item, first[0].at(-1).item].map(({ label }) => `“${label}”`);
    const between = first[0].length - 2;
    const by = between ? `through ${between} ${between === 1 ? "item" : "items"} in between` : "which are linked directly";
    const rest = many > first.length ? `; here are ${first.length}, and the picture and the tables hold all` : "";
    const lists = first.map((way) => make("ol", { className: "path" }, ...way.map((step) => {
      const line = named(step.item);
      if (step.how) line.prepend(make("span", { className: "how", textContent: step.how }));
      return line;
    })));
    tell(many === 1 ? "Shortest path" : "Shortest paths",
      says(`From ${from} to ${to}, ${by}.${many === 1 ? "" : ` ${many} paths are equally short${rest}.`}`), ...parts,
      ...(many === 1 ? lists : lists.flatMap((list, place) => [make("h3", { textContent: `Path ${place + 1}` }), list])));
  }

  return { asks, hash, item, make, named, number, paths, press, says, symbol, tell };
})();
