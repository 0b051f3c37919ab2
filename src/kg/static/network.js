"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const data = JSON.parse(get("data").textContent);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const address = (id) => `#node=${encodeURIComponent(id)}`;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const FACE = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";

  const items = new Map(data.nodes.map((node) => [node.id, node]));
  data.edges.forEach((edge, number) => { edge.id = number; });
  const ends = new Map(data.nodes.map((node) => [node.id, []]));
  for (const edge of data.edges) {
    ends.get(edge.from).push({ edge, other: edge.to, says: edge.link });
    ends.get(edge.to).push({ edge, other: edge.from, says: data.backs[edge.link] });
  }
  const state = { offKinds: new Set(), offLinks: new Set(), chosen: null, near: false, pointed: null, back: null };

  // Without a script a link goes to its table row; with one it opens the details.
  const rows = [...document.querySelectorAll("tr[data-id]")];
  for (const row of rows) row.removeAttribute("id");
  document.querySelector(".no-script").hidden = true;
  document.querySelector(".needs-script").hidden = false;
  const narrow = matchMedia("(max-width: 64rem)");
  if (narrow.matches) document.querySelector(".key").open = false;

  // ---- the picture: shapes and lines by vis-network, names by writeNames below
  const paint = (node) => ({
    background: node.hollow ? "#ffffff" : node.color, border: node.color,
    highlight: { background: node.hollow ? "#ffffff" : node.color, border: "#1d2429" },
    hover: { background: node.hollow ? "#ffffff" : node.color, border: "#1d2429" },
  });
  const nodes = new vis.DataSet(data.nodes.map((node) => ({
    id: node.id, x: node.x, y: node.y, size: node.size, shape: node.shape, color: paint(node),
    borderWidth: node.hollow ? 3 : 1, borderWidthSelected: 4,
  })));
  const edges = new vis.DataSet(data.edges.map((edge) => ({ ...edge, color: { color: edge.color } })));
  const network = new vis.Network(get("network"), { nodes, edges }, {
    ...JSON.parse(data.options),
    layout: { improvedLayout: false },
    interaction: { dragNodes: false, hover: true, keyboard: false, selectConnectedEdges: false, tooltipDelay: 1e9 },
    edges: { smooth: false, width: 1.2, hoverWidth: 0, selectionWidth: 0, arrows: { to: { scaleFactor: 0.5 } } },
  });
  const canvas = get("network").querySelector("canvas");

  const joined = (id) => ends.get(id).filter(({ edge }) => !state.offLinks.has(edge.link));
  const around = (id) => new Set([id, ...joined(id).map(({ other }) => other)]);
  let visible = new Set();

  function refresh() {
    const close = state.chosen && around(state.chosen);
    visible = new Set(data.nodes
      .filter((node) => !state.offKinds.has(node.kind) && (!state.near || close.has(node.id)))
      .map((node) => node.id));
    nodes.update(data.nodes.map(({ id }) => ({
      id, hidden: !visible.has(id), opacity: !close || close.has(id) ? 1 : 0.3,
    })));
    edges.update(data.edges.map((edge) => {
      const mine = edge.from === state.chosen || edge.to === state.chosen;
      return {
        id: edge.id,
        hidden: state.offLinks.has(edge.link) || !visible.has(edge.from) || !visible.has(edge.to),
        color: { color: edge.color, opacity: !close || mine ? 1 : 0.15 },
        width: close && mine ? 2.4 : 1.2,
      };
    }));
    for (const row of rows) {
      row.hidden = !visible.has(row.dataset.id);
      for (const part of row.querySelectorAll("[data-of]")) {
        const others = [...part.querySelectorAll("[data-other]")];
        for (const other of others) other.hidden = !visible.has(other.dataset.other);
        part.hidden = state.offLinks.has(part.dataset.of) || others.every((other) => other.hidden);
      }
    }
    for (const table of document.querySelectorAll("#table section")) {
      const all = [...table.querySelectorAll("tr[data-id]")];
      const shown = all.filter((row) => !row.hidden).length;
      table.hidden = !shown;
      table.querySelector("[data-count]").textContent = shown === all.length ? `(${shown})` : `(${shown} of ${all.length})`;
    }
    get("shown").textContent = `${visible.size} of ${data.nodes.length} items shown, here and in the tables.`;
    get("neighbours").setAttribute("aria-pressed", String(state.near));
  }

  function fit() {
    if (!visible.size) return;
    network.fit({ nodes: [...visible], maxZoomLevel: 1.6, animation: false });
    network.moveTo({ scale: network.getScale() * 0.9 });
  }

  // ---- names: in the size of the screen at any zoom, the most wanted first, none over another
  const wrapped = new Map();
  function lines(context, text, font, width) {
    const key = `${font}|${text}`;
    if (wrapped.has(key)) return wrapped.get(key);
    context.font = font;
    const found = [""];
    for (const word of text.split(" ")) {
      const longer = `${found[found.length - 1]} ${word}`.trim();
      if (context.measureText(longer).width <= width) found[found.length - 1] = longer;
      else if (found[0]) found.push(word);
      else found[0] = word;
    }
    const made = { lines: found, width: Math.max(...found.map((line) => context.measureText(line).width)) };
    wrapped.set(key, made);
    return made;
  }
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

  function writeNames(context) {
    const scale = network.getScale(), middle = network.getViewPosition();
    const wide = canvas.clientWidth, high = canvas.clientHeight, ratio = canvas.width / wide;
    const close = state.chosen ? around(state.chosen) : null;
    const on = data.nodes.filter((node) => visible.has(node.id)).map((node) => ({
      node, x: (node.x - middle.x) * scale + wide / 2, y: (node.y - middle.y) * scale + high / 2, r: node.size * scale,
    })).filter(({ x, y }) => x > -20 && y > -20 && x < wide + 20 && y < high + 20);
    const rank = ({ node }) => node.id === state.pointed ? 4 : node.id === state.chosen ? 3
      : close ? (close.has(node.id) ? 2 : -1) : node.landmark ? 1 : 0;
    const taken = on.map(({ node, x, y, r }) => ({ node, left: x - r, right: x + r, top: y - r, bottom: y + r }));
    context.save();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const wanted = on.filter((one) => rank(one) >= 0 || one.node.landmark)
      .sort((a, b) => rank(b) - rank(a) || b.node.size - a.node.size).slice(0, 300);
    for (const one of wanted) {
      const must = rank(one) > 2, large = one.node.landmark || must;
      const font = `${large ? 600 : 400} ${large ? 14 : 12.5}px ${FACE}`, step = large ? 17 : 15;
      const text = lines(context, one.node.label, font, large ? 170 : 150);
      const w = text.width / 2 + 3, h = (text.lines.length * step) / 2 + 1, gap = one.r + 4;
      const spots = [[0, gap + h], [0, -gap - h], [gap + w, 0], [-gap - w, 0]].map(([x, y]) => {
        // Above and below, a name may slide along its shape to stay inside the picture.
        const middle = x ? one.x + x : Math.min(Math.max(one.x, w + 2), wide - w - 2);
        return { x: middle, left: middle - w, right: middle + w, top: one.y + y - h, bottom: one.y + y + h };
      });
      const inside = (box) => box.left >= 2 && box.right <= wide - 2 && box.top >= 2 && box.bottom <= high - 2;
      const free = (box) => inside(box) && taken.every((other) => apart(box, other));
      // A landmark would rather lie on a small shape than have no name.
      const nearly = (box) => inside(box) && taken.every((other) => apart(box, other) || (other.node && !other.node.landmark));
      const box = spots.find(free) || (large && spots.find(nearly)) || (must && (spots.find(inside) || spots[0]));
      if (!box) continue;
      taken.push(box);
      context.font = font;
      context.textAlign = "center";
      text.lines.forEach((line, number) => {
        const y = box.top + 1 + step * (number + 0.5);
        context.strokeStyle = "#ffffff";
        context.lineWidth = 4;
        context.strokeText(line, box.x, y);
        context.fillStyle = close && rank(one) < 0 ? "#6b7780" : "#1d2429";
        context.fillText(line, box.x, y);
      });
    }
    context.restore();
  }
  network.on("afterDrawing", writeNames);

  // ---- details
  const symbol = (kind) => document.querySelector(`.key [data-symbol="${CSS.escape(kind)}"]`).cloneNode(true);
  const named = (id) => make("li", {}, symbol(items.get(id).kind),
    make("a", { href: address(id), textContent: items.get(id).label }));

  function describe(node) {
    const facts = make("dl", {});
    for (const [heading, text] of [...node.facts, ["Identifier", node.id]]) {
      facts.append(make("dt", { textContent: heading }), make("dd", { textContent: text }));
    }
    const groups = new Map();
    for (const { other, says } of ends.get(node.id)) {
      if (!groups.has(says)) groups.set(says, new Set());
      groups.get(says).add(other);
    }
    const parts = [...groups].flatMap(([says, others]) => [
      make("h3", { textContent: `${says} (${others.size})` }), make("ul", {}, ...[...others].map(named)),
    ]);
    get("details-heading").textContent = node.label;
    get("details").replaceChildren(
      make("p", { className: "kind" }, symbol(node.kind), make("span", { className: "name", textContent: node.kind })),
      ...(node.description ? [make("p", { textContent: node.description })] : []), facts, ...parts);
    document.querySelector(".details").scrollTop = 0;
  }

  function reveal(id) {
    const { x, y } = network.canvasToDOM(items.get(id));
    const out = x < 60 || y < 60 || x > canvas.clientWidth - 60 || y > canvas.clientHeight - 60;
    if (out) network.moveTo({ position: items.get(id), animation: still ? false : { duration: 250 } });
  }

  function choose(id, { focus = false } = {}) {
    const node = items.get(id);
    if (!node) return;
    state.chosen = id;
    // Whoever asks for an item sees it, whatever the key says.
    if (state.offKinds.delete(node.kind)) tick();
    refresh();
    network.selectNodes([id], false);
    if (state.near) fit(); else reveal(id);
    describe(node);
    if (location.hash !== address(id)) history.replaceState(null, "", address(id));
    if (focus) get("details-heading").focus();
    else get("shown").textContent = `${node.label}, ${node.kind}, ${joined(id).length} links.`;
  }

  function clear() {
    Object.assign(state, { chosen: null, near: false, pointed: null });
    network.unselectAll();
    history.replaceState(null, "", "#");
    get("details-heading").textContent = "Details";
    get("details").replaceChildren(make("p", { textContent: "Choose an item in the picture, in the search results or in a table." }));
    refresh();
  }

  // ---- search
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const texts = new Map(data.nodes.map((node) =>
    [node.id, plain([node.label, node.kind, node.description, node.id].join(" "))]));
  const MOST = 20;

  function search() {
    const words = plain(get("query").value).split(/\s+/).filter(Boolean);
    const found = words.length ? data.nodes.filter((node) => words.every((word) => texts.get(node.id).includes(word))) : [];
    get("matches").textContent = !words.length ? ""
      : !found.length ? `Nothing holds “${get("query").value.trim()}”. Try fewer or other words.`
      : found.length > MOST ? `${found.length} found, the first ${MOST} listed` : `${found.length} found`;
    get("hits").replaceChildren(...found.slice(0, MOST).map((node) => named(node.id)));
  }

  function byAddress() {
    const match = location.hash.match(/^#node=(.+)$/);
    let id;
    try { id = match && decodeURIComponent(match[1]); } catch { return; }
    if (id && items.has(id)) choose(id, { focus: true });
    else if (id) get("shown").textContent = `There is no item “${id}” on this page.`;
  }

  get("query").addEventListener("input", search);
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

  // ---- links, key and buttons
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#node=']");
    if (!link) return;
    if (!link.closest(".details")) state.back = link;
    // A link to the item that the address already names fires no hashchange.
    if (link.getAttribute("href") === location.hash) byAddress();
  });
  addEventListener("hashchange", byAddress);
  const boxes = [...document.querySelectorAll(".key input")];
  const setOf = (box) => box.dataset.kind === undefined ? [state.offLinks, box.dataset.link] : [state.offKinds, box.dataset.kind];
  const tick = () => boxes.forEach((box) => { const [off, name] = setOf(box); box.checked = !off.has(name); });
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const [off, name] = setOf(box);
      off[box.checked ? "delete" : "add"](name);
      refresh();
    });
  }
  get("reset").addEventListener("click", () => {
    state.offKinds.clear();
    state.offLinks.clear();
    tick();
    get("query").value = "";
    search();
    clear();
    fit();
  });
  function neighbours() {
    if (!state.chosen) {
      get("shown").textContent = "Choose an item first; then its neighbours can be shown alone.";
      return;
    }
    state.near = !state.near;
    refresh();
    fit();
  }
  const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
  get("neighbours").addEventListener("click", neighbours);
  get("closer").addEventListener("click", () => zoom(1.25));
  get("further").addEventListener("click", () => zoom(0.8));
  get("fit").addEventListener("click", fit);

  // ---- pointer and keys in the picture
  const point = (id) => {
    state.pointed = id;
    get("network").style.cursor = id ? "pointer" : "";
    network.redraw();
  };
  network.on("hoverNode", ({ node }) => point(node));
  network.on("blurNode", () => point(null));
  network.on("click", (event) => {
    state.back = get("network");
    if (event.nodes.length) choose(event.nodes[0], { focus: narrow.matches });
    else if (state.chosen) clear();
  });
  // The wheel scrolls the page, as everywhere else; with Ctrl it zooms the picture.
  get("network").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  }, { capture: true });

  function step(x, y) {
    const from = state.chosen && visible.has(state.chosen) ? items.get(state.chosen) : network.getViewPosition();
    let best = null, least = Infinity;
    for (const id of visible) {
      const node = items.get(id), along = (node.x - from.x) * x + (node.y - from.y) * y;
      const aside = Math.abs((node.x - from.x) * y) + Math.abs((node.y - from.y) * x);
      if (id === state.chosen || along <= 0 || aside > 2 * along) continue;
      if (along + 2 * aside < least) [best, least] = [id, along + 2 * aside];
    }
    if (best) choose(best);
    else get("shown").textContent = "Nothing further that way.";
  }
  const keys = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, n: neighbours, N: neighbours,
    Enter: () => { if (state.chosen) { state.back = get("network"); get("details-heading").focus(); } },
    Escape: clear,
  };
  get("network").addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.querySelector(".details").addEventListener("keydown", (event) => {
    if (event.key === "Escape") (state.back?.isConnected ? state.back : get("network")).focus();
  });

  refresh();
  network.once("afterDrawing", () => {
    fit();
    byAddress();
    document.documentElement.dataset.ready = "true";
  });
  let size = canvas.clientWidth;
  network.on("resize", ({ width }) => {
    if (width !== size) fit();
    size = width;
  });
})();
