"use strict";
// What scripts add to the pages of the site: choices on the home page, a word on tables that are
// wider than the page, and the search.
(() => {
  for (const form of document.querySelectorAll("form[data-ask]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.href = form.querySelector("select").value;
    });
  }

  // Whether a table is cut changes with the window, the rows shown and the claims behind them.
  for (const region of document.querySelectorAll(".scroll")) {
    const hint = document.createElement("p");
    hint.className = "sideways";
    hint.textContent = "Scroll sideways for more columns.";
    region.before(hint);
    const watch = new ResizeObserver(() => { hint.hidden = region.scrollWidth <= region.clientWidth; });
    for (const each of [region, ...region.children]) watch.observe(each);
  }

  const box = document.getElementById("words");
  const list = document.querySelector("[data-search]");
  if (!list) {
    box.form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.href = `${box.form.getAttribute("action")}#q=${encodeURIComponent(box.value.trim())}`;
    });
    return;
  }
  // Case, accents, apostrophes, quotation marks and hyphens aside: "cafe" finds "Café", "inter-agency" "interagency".
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\p{M}\p{Pd}\p{Pi}\p{Pf}\u00ad\u201e"'\u02bc`]/gu, "");
  const wanted = (text) => plain(text.replace(/\p{Pd}/gu, " ")).split(/\s+/).filter(Boolean);
  const status = document.getElementById("found");
  // Briefings print the id of a claim, by which it is found although no entry shows it: the whole of
  // it alone, for years and names in ids would else answer where nobody asked for them.
  const named = (item) => item.querySelector("a").getAttribute("href").replace(/^.*\/|\.html$/g, "");
  const entries = [...list.querySelectorAll("li")].map((item) => [item, plain(item.textContent), named(item)]);

  function search() {
    const asked = box.value.trim(), words = wanted(asked);
    const id = asked.toLowerCase().replace(/^.*[:/]/, "");
    let many = 0;
    for (const [item, text, name] of entries) {
      item.hidden = name !== id && !words.every((word) => text.includes(word));
      many += !item.hidden;
    }
    for (const part of list.querySelectorAll("section")) part.hidden = !part.querySelector("li:not([hidden])");
    status.textContent = !asked ? `All ${entries.length} entries are listed.`
      : many ? `${many} of ${entries.length} entries hold “${asked}”.`
      : `Nothing holds “${asked}”. Try fewer or other words.`;
    history.replaceState(null, "", asked ? `#q=${encodeURIComponent(asked)}` : "#");
  }

  // The address carries the words: after # as this page writes it, after ? as the form sends it.
  function read() {
    const asked = new URLSearchParams(location.hash.slice(1)).get("q") ?? new URLSearchParams(location.search).get("q");
    if (asked !== null) box.value = asked;
    search();
  }
  box.addEventListener("input", search);
  box.form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
    status.focus();
  });
  addEventListener("hashchange", read);
  read();
})();
