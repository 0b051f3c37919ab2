"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const get = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const address = (id) => "#node=" + encodeURIComponent(id);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const items = new Map(data.nodes.map((node) => [node.id, node]));
  const links = new Map(data.nodes.map((node) => [node.id, []]));
  for (const edge of data.edges) {
    links.get(edge.from).push({ verb: edge.rel, other: edge.to, indirect: edge.dashes });
    links.get(edge.to).push({ verb: `${items.get(edge.from).kind} that ${edge.rel} this`, other: edge.from, indirect: edge.dashes });
  }
  const rows = new Map([...document.querySelectorAll("tr[data-id]")].map((row) => [row.dataset.id, row]));
  const state = { kinds: new Set(data.nodes.map((node) => node.kind)), selected: null, near: false };

  document.querySelector(".no-script").hidden = true;
  document.querySelector(".needs-script").hidden = false;

  const nodes = new vis.DataSet(data.nodes);
  const edges = new vis.DataSet(data.edges.map((edge, id) => ({ ...edge, id })));
  const network = new vis.Network(get("network"), { nodes, edges }, {
    physics: { enabled: false },
    layout: { improvedLayout: false },
    interaction: { hover: true, keyboard: false, tooltipDelay: 1e9 },
    nodes: { borderWidth: 1, font: { color: "#1b1f23", strokeWidth: 4, strokeColor: "#ffffff" } },
    edges: {
      smooth: false,
      color: { color: "#6d767b", highlight: "#1b1f23", hover: "#1b1f23" },
      arrows: { to: { enabled: true, scaleFactor: 0.4 } },
    },
  });

  const visible = () => data.nodes.filter((node) => {
    if (!state.kinds.has(node.kind)) return false;
    if (!state.near || !state.selected) return true;
    return node.id === state.selected || links.get(state.selected).some((link) => link.other === node.id);
  });

  function draw() {
    const ids = new Set(visible().map((node) => node.id));
    nodes.update(data.nodes.map((node) => ({ id: node.id, hidden: !ids.has(node.id) })));
    for (const [id, row] of rows) row.hidden = !ids.has(id);
    get("shown").textContent = `${ids.size} of ${data.nodes.length} items shown, here and in the table.`;
    get("neighbours").setAttribute("aria-pressed", String(state.near));
    return [...ids];
  }
  const fit = () => network.fit({ nodes: visible().map((node) => node.id), animation: false });

  function describe(node) {
    const list = make("dl", {});
    list.append(make("dt", { textContent: "Kind" }), make("dd", { textContent: node.kind }));
    for (const [title, text] of Object.entries(node.details)) {
      list.append(make("dt", { textContent: title }), make("dd", { textContent: text }));
    }
    list.append(make("dt", { textContent: "Identifier" }), make("dd", { textContent: node.id, className: "id" }));
    const groups = new Map();
    for (const link of links.get(node.id)) {
      if (!groups.has(link.verb)) groups.set(link.verb, make("ul", {}));
      const name = items.get(link.other).full + (link.indirect ? " (indirect)" : "");
      groups.get(link.verb).append(make("li", {}, make("a", { href: address(link.other), textContent: name })));
    }
    const parts = [...groups].flatMap(([verb, list]) => [
      make("h3", { textContent: `${verb} (${list.children.length})` }), list,
    ]);
    get("details-heading").textContent = node.full;
    get("details").replaceChildren(list, ...parts);
  }

  function select(id, { focus = true } = {}) {
    const node = items.get(id);
    if (!node) return;
    state.selected = id;
    // Whoever asks for an item sees it, whatever the filter says.
    if (!state.kinds.has(node.kind)) {
      state.kinds.add(node.kind);
      document.querySelectorAll("[data-kind]").forEach((box) => { box.checked = state.kinds.has(box.dataset.kind); });
    }
    draw();
    network.selectNodes([id]);
    network.focus(id, { scale: Math.max(network.getScale(), 0.8), animation: still ? false : { duration: 250 } });
    describe(node);
    if (location.hash !== address(id)) history.replaceState(null, "", address(id));
    if (focus) get("details-heading").focus();
  }

  function search() {
    const words = get("query").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const text = (node) => [node.full, node.kind, node.id, ...Object.values(node.details)].join(" ").toLowerCase();
    const found = words.length ? data.nodes.filter((node) => words.every((word) => text(node).includes(word))) : [];
    get("matches").textContent = !words.length ? ""
      : found.length ? `${found.length} found` : "Nothing holds these words. Try fewer, or another.";
    get("hits").replaceChildren(...found.slice(0, 30).map((node) =>
      make("li", {}, make("a", { href: address(node.id), textContent: node.full }))));
  }

  const byAddress = () => {
    const match = location.hash.match(/^#node=(.+)$/);
    if (match) select(decodeURIComponent(match[1]));
  };
  document.addEventListener("click", (event) => {
    // A link to the item that the address already names fires no hashchange.
    const link = event.target.closest("a[href^='#node=']");
    if (link && link.getAttribute("href") === location.hash) byAddress();
  });
  addEventListener("hashchange", byAddress);
  network.on("selectNode", (event) => select(event.nodes[0], { focus: false }));
  get("query").addEventListener("input", search);
  get("search").addEventListener("submit", (event) => {
    event.preventDefault();
    get("hits").querySelector("a")?.click();
  });
  document.querySelectorAll("[data-kind]").forEach((box) => box.addEventListener("change", () => {
    state.kinds[box.checked ? "add" : "delete"](box.dataset.kind);
    draw();
  }));
  get("reset").addEventListener("click", () => {
    Object.assign(state, { kinds: new Set(data.nodes.map((node) => node.kind)), near: false });
    document.querySelectorAll("[data-kind]").forEach((box) => { box.checked = true; });
    get("query").value = "";
    search();
    draw();
    fit();
  });
  get("neighbours").addEventListener("click", () => {
    if (!state.selected) {
      get("shown").textContent = "Select an item first; then its neighbours can be shown alone.";
      return;
    }
    state.near = !state.near;
    draw();
    fit();
  });
  const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
  get("closer").addEventListener("click", () => zoom(1.25));
  get("further").addEventListener("click", () => zoom(0.8));
  get("fit").addEventListener("click", fit);
  get("network").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = (x, y) => {
      const { x: left, y: top } = network.getViewPosition();
      network.moveTo({ position: { x: left + x / network.getScale(), y: top + y / network.getScale() } });
    };
    const step = (by) => {
      const ids = visible().map((node) => node.id);
      const place = ids.indexOf(state.selected);
      select(ids[(place < 0 ? (by > 0 ? 0 : ids.length - 1) : place + by + ids.length) % ids.length], { focus: false });
    };
    const act = {
      ArrowLeft: () => move(-60, 0), ArrowRight: () => move(60, 0),
      ArrowUp: () => move(0, -60), ArrowDown: () => move(0, 60),
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
      n: () => step(1), N: () => step(1), p: () => step(-1), P: () => step(-1),
      Enter: () => state.selected && get("details-heading").focus(),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  draw();
  network.once("afterDrawing", () => {
    fit();
    byAddress();
    document.documentElement.dataset.ready = "true";
  });
})();
