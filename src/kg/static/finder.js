"use strict";
// Search by words over the items of the page; the hits are links, which the page follows.
const finder = (() => {
  const MOST = 20;
  const get = (id) => document.getElementById(id);
  // As the search of the site has it: case, accents, apostrophes, quotation marks and hyphens aside.
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\p{M}\p{Pd}\p{Pi}\p{Pf}\u00ad\u201e"'\u02bc`]/gu, "");
  const wanted = (text) => plain(text.replace(/\p{Pd}/gu, " ")).split(/\s+/).filter(Boolean);
  let sought = [], follow = null;

  function find() {
    const words = wanted(get("query").value);
    const found = words.length ? sought.filter(({ text }) => words.every((word) => text.includes(word))) : [];
    get("matches").textContent = !words.length ? ""
      : !found.length ? `Nothing holds “${get("query").value.trim()}”. Try fewer or other words.`
      : found.length > MOST ? `${details.number(found.length)} found, the first ${MOST} listed${follow ? " here and all in the table" : ""}` : `${found.length} found`;
    get("hits").replaceChildren(...found.slice(0, MOST).map(({ item }) => details.named(item)));
    follow?.(words.length ? new Set(found.map(({ item }) => item)) : null);
  }

  function empty() {
    get("query").value = "";
    find();
  }

  // `told` hears of all that is found, or of null where nothing is sought.
  function over(items, told) {
    follow = told;
    sought = items.map((item) => ({ item, text: plain([item.label, item.kind, item.description, item.id].join(" ")) }));
    get("query").addEventListener("input", find);
    get("search").addEventListener("submit", (event) => {
      event.preventDefault();
      get("hits").querySelector("a")?.click();
    });
    get("search").parentElement.addEventListener("keydown", (event) => {
      const stops = [get("query"), ...get("hits").querySelectorAll("a")];
      const at = stops.indexOf(event.target), by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (at < 0 || !by || !stops[at + by]) return;
      event.preventDefault();
      stops[at + by].focus();
    });
  }

  return { empty, over };
})();
