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

  const claims = new Map(data.claims.map((claim) => [claim.id, { ...claim, edges: [] }]));
  const items = new Map([...data.nodes, ...claims.values()].map((item) => [item.id, item]));
  const ends = new Map(data.nodes.map((node) => [node.id, []]));
  const pairs = new Map();
  data.edges.forEach((edge, number) => {
    edge.id = number;
    edge.bend = 0;
    if (edge.claim) {
      const claim = claims.get(edge.claim);
      claim.edges.push(edge);
      for (const end of [edge.from, edge.to]) ends.get(end).push({ edge, other: edge.claim, says: claim.kind });
      const key = [edge.from, edge.to].sort().join(" ");
      pairs.set(key, [...(pairs.get(key) || []), edge]);
    } else {
      ends.get(edge.from).push({ edge, other: edge.to, says: edge.link });
      ends.get(edge.to).push({ edge, other: edge.from, says: data.backs[edge.link] });
    }
  });
  // Claims that join the same two things fan out, so that each can be seen and chosen.
  for (const fan of pairs.values()) {
    const step = Math.min(0.2, 1.1 / fan.length);
    fan.forEach((edge, place) => {
      const bend = step * (place - (fan.length - 1) / 2);
      edge.bend = edge.from < edge.to ? bend : -bend;
    });
  }
  const state = { offKinds: new Set(), offLinks: new Set(), chosen: null, near: false, pointed: null, back: null };

  // Without a script a link goes to its table row; with one it opens the details.
  const rows = [...document.querySelectorAll("tr[data-id]")];
  for (const row of rows) row.removeAttribute("id");
  document.querySelector(".no-script").hidden = true;
  document.querySelector(".needs-script").hidden = false;
  const narrow = matchMedia("(max-width: 64rem)");
  if (narrow.matches) document.querySelector(".key").open = false;

  // ---- the picture: lines by vis-network, shapes and names by picture.js
  const marks = new Map(data.marks), mark = (item) => marks.get(item.kind);
  const shape = ({ ctx, id, x, y, state: { selected, hover } }) => ({
    drawNode() {
      const node = items.get(id);
      picture.stamp(ctx, mark(node), { x, y, r: node.size, ring: selected || hover ? "#1d2429" : "", opacity: faded(id) ? 0.3 : 1 });
    },
    nodeDimensions: { width: 2 * items.get(id).size, height: 2 * items.get(id).size },
  });
  const nodes = new vis.DataSet(data.nodes.map(({ id, x, y, size }) => ({ id, x, y, size, shape: "custom", ctxRenderer: shape })));
  const edges = new vis.DataSet(data.edges.map((edge) => ({
    id: edge.id, from: edge.from, to: edge.to, dashes: edge.dashes, arrows: edge.arrows, width: edge.width, color: { color: edge.color },
    smooth: edge.bend ? { enabled: true, type: edge.bend > 0 ? "curvedCW" : "curvedCCW", roundness: Math.abs(edge.bend) } : false,
  })));
  const network = new vis.Network(get("network"), { nodes, edges }, {
    ...JSON.parse(data.options),
    layout: { improvedLayout: false },
    interaction: { dragNodes: false, hover: true, keyboard: false, selectConnectedEdges: false, hoverConnectedEdges: false, tooltipDelay: 1e9 },
    edges: { hoverWidth: 0.5, selectionWidth: 0, arrows: { to: { scaleFactor: 0.5 } } },
  });
  const canvas = get("network").querySelector("canvas");

  // What an item is linked to and is not hidden by the key; of a claim, what it joins.
  const joined = (id) => claims.has(id)
    ? [...new Set(claims.get(id).edges.flatMap(({ from, to }) => [from, to]))].map((other) => ({ other }))
    : ends.get(id).filter(({ edge, other }) => !state.offLinks.has(edge.link) && !(edge.claim && state.offKinds.has(items.get(other).kind)));
  function around(id) {
    const found = new Set([id, ...joined(id).map(({ other }) => other)]);
    // What a claim joins is near to what it is near to.
    for (const other of [...found]) if (claims.has(other)) for (const end of joined(other)) found.add(end.other);
    return found;
  }
  let visible = new Set(), close = null;
  const faded = (id) => Boolean(close) && !close.has(id);
  const mine = (edge) => edge.claim
    ? edge.claim === state.chosen || (close.has(edge.claim) && (edge.from === state.chosen || edge.to === state.chosen))
    : edge.from === state.chosen || edge.to === state.chosen;
  const hiddenEdge = (edge) => (edge.claim ? !visible.has(edge.claim) : state.offLinks.has(edge.link))
    || !visible.has(edge.from) || !visible.has(edge.to);

  function refresh() {
    close = state.chosen && around(state.chosen);
    const shown = ({ id, kind }) => !state.offKinds.has(kind) && (!state.near || close.has(id));
    visible = new Set(data.nodes.filter(shown).map(({ id }) => id));
    for (const claim of claims.values()) {
      if (shown(claim) && claim.edges.some(({ from, to }) => visible.has(from) && visible.has(to))) visible.add(claim.id);
    }
    nodes.update(data.nodes.map(({ id }) => ({ id, hidden: !visible.has(id) })));
    edges.update(data.edges.map((edge) => ({
      id: edge.id,
      hidden: hiddenEdge(edge),
      color: { color: edge.color, hover: edge.color, opacity: !close || mine(edge) ? 1 : 0.15 },
      width: close && mine(edge) ? edge.width + 1.2 : edge.width,
    })));
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
    get("shown").textContent = `${counted()} The tables below hold the same.`;
    get("neighbours").setAttribute("aria-pressed", String(state.near));
  }

  // How much is shown, and what hides the rest.
  function counted() {
    const why = [];
    const off = [...state.offKinds, ...state.offLinks];
    if (off.length) why.push(`the key hides ${off.join(", ")}`);
    if (state.near) why.push(`only neighbours of “${items.get(state.chosen).label}”`);
    const rest = items.size - visible.size;
    if (rest && !why.length) why.push("they join nothing that is shown");
    return `${visible.size} of ${items.size} items shown${why.length ? `: ${why.join("; ")}` : ""}.`;
  }

  const drawnNodes = () => data.nodes.filter(({ id }) => visible.has(id));
  const drawnEdges = () => data.edges.filter((edge) => !hiddenEdge(edge));

  function fit() {
    if (!visible.size) return;
    network.fit({ nodes: drawnNodes().map(({ id }) => id), maxZoomLevel: 1.6, animation: false });
    network.moveTo({ scale: network.getScale() * 0.9 });
  }

  // ---- the marks of claims on their lines, and names, in the size of the screen at any zoom
  const midway = (edge) => picture.middle(items.get(edge.from), items.get(edge.to), edge.bend);
  const markSize = (scale) => Math.min(8, Math.max(3.5, 7 * scale));

  function adorn(context) {
    const scale = network.getScale(), centre = network.getViewPosition();
    const wide = canvas.clientWidth, high = canvas.clientHeight, ratio = canvas.width / wide;
    const at = ({ x, y }) => ({ x: (x - centre.x) * scale + wide / 2, y: (y - centre.y) * scale + high / 2 });
    const inside = ({ x, y }) => x > -20 && y > -20 && x < wide + 20 && y < high + 20;
    const rank = (item) => item.id === state.pointed ? 4 : item.id === state.chosen ? 3
      : close ? (close.has(item.id) ? 2 : -1) : item.landmark ? 1 : 0;
    context.save();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const on = drawnNodes().map((node) => ({ ...at(node), r: node.size * scale, label: node.label, landmark: node.landmark, rank: rank(node) }));
    const said = new Set();
    for (const edge of drawnEdges()) {
      if (!edge.claim) continue;
      const claim = items.get(edge.claim), place = { ...at(midway(edge)), r: markSize(scale) };
      const ring = edge.claim === state.chosen || edge.claim === state.pointed ? "#1d2429" : "";
      picture.stamp(context, mark(claim), { ...place, ring, opacity: faded(edge.claim) ? 0.3 : 1 });
      // A claim of several lines is named once; at rest its mark alone stands for it.
      const wanted = close || claim.id === state.pointed ? rank(claim) : -1;
      on.push({ ...place, label: claim.label, landmark: false, rank: said.has(claim.id) ? -1 : wanted });
      said.add(claim.id);
    }
    picture.write(context, picture.names(context, on.filter(inside), wide, high));
    context.restore();
  }
  network.on("afterDrawing", adorn);

  // ---- the picture as a file: all that is shown, whatever part of it the screen holds
  function drawn() {
    const shown = drawnNodes(), MARGIN = 120, TOP = 30;
    const left = Math.min(...shown.map(({ x }) => x)) - MARGIN, top = Math.min(...shown.map(({ y }) => y)) - MARGIN - TOP;
    const wide = Math.max(1000, Math.max(...shown.map(({ x }) => x)) + MARGIN - left);
    const field = Math.max(...shown.map(({ y }) => y)) + MARGIN - top;
    const at = ({ x, y }) => ({ x: x - left, y: y - top });
    const shapes = [], lines = [];
    for (const edge of drawnEdges()) {
      const from = at(items.get(edge.from)), to = at(items.get(edge.to));
      lines.push({ d: picture.bent(from, to, edge.bend), colour: edge.color, width: edge.width, dashes: edge.dashes });
      if (edge.arrows) lines.push({ d: picture.head(from, to, items.get(edge.to).size), colour: edge.color, fill: true });
      if (edge.claim) {
        const claim = items.get(edge.claim);
        shapes.push({ ...picture.middle(from, to, edge.bend), r: 7, mark: mark(claim), label: claim.label, landmark: false, rank: -1 });
      }
    }
    for (const node of shown) {
      shapes.push({ ...at(node), r: node.size, mark: mark(node), label: node.label, landmark: node.landmark, rank: node.landmark ? 1 : 0 });
    }
    const context = document.createElement("canvas").getContext("2d");
    const names = picture.names(context, shapes, wide, field);
    const kinds = new Set([...visible].map((id) => items.get(id).kind));
    const key = picture.key(context, data.marks.filter(([kind]) => kinds.has(kind)), wide, field + 10);
    const lineKey = claims.size ? " A line is a claim: wider for more works, dashed where the review knows them only through others." : "";
    const foot = `${data.foot} ${counted()}${lineKey}`, high = key.bottom + 50;
    const texts = [{ text: data.title, x: 20, y: 34, size: 20, weight: 600 }, ...key.texts, { text: foot, x: 20, y: high - 16, size: 13, weight: 400 }];
    return { wide, high, lines, shapes: [...shapes, ...key.shapes], names, texts, title: data.title, foot };
  }

  async function save(form) {
    const file = await picture[form](drawn());
    const link = make("a", { href: URL.createObjectURL(file), download: `${data.view}.${form}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    get("shown").textContent = `Saved as ${link.download}, with your downloads.`;
  }
  for (const form of ["png", "svg"]) {
    get(form).addEventListener("click", () => {
      if (visible.size) save(form);
      else get("shown").textContent = "Nothing is shown, so there is no picture to save.";
    });
  }

  // ---- details
  const symbol = (kind) => document.querySelector(`.key [data-symbol="${CSS.escape(kind)}"]`).cloneNode(true);
  const named = (id) => make("li", {}, symbol(items.get(id).kind),
    make("a", { href: address(id), textContent: items.get(id).label }));

  function describe(item) {
    const facts = make("dl", {});
    for (const [heading, text] of [...item.facts, ["Identifier", item.id]]) {
      facts.append(make("dt", { textContent: heading }), make("dd", { textContent: text }));
    }
    const groups = new Map();
    const all = claims.has(item.id) ? joined(item.id).map(({ other }) => ({ other, says: items.get(other).kind })) : ends.get(item.id);
    for (const { other, says } of all) {
      if (!groups.has(says)) groups.set(says, new Set());
      groups.get(says).add(other);
    }
    const parts = [...groups].flatMap(([says, others]) => [
      make("h3", { textContent: `${says} (${others.size})` }), make("ul", {}, ...[...others].map(named)),
    ]);
    get("details-heading").textContent = item.label;
    get("details").replaceChildren(
      make("p", { className: "kind" }, symbol(item.kind), make("span", { className: "name", textContent: item.kind })),
      ...(item.description ? [make("p", { textContent: item.description })] : []), facts, ...parts);
    document.querySelector(".details").scrollTop = 0;
  }

  const placeOf = (id) => claims.has(id) ? midway(claims.get(id).edges[0]) : items.get(id);
  function reveal(id) {
    const { x, y } = network.canvasToDOM(placeOf(id));
    const out = x < 60 || y < 60 || x > canvas.clientWidth - 60 || y > canvas.clientHeight - 60;
    if (out) network.moveTo({ position: placeOf(id), animation: still ? false : { duration: 250 } });
  }

  function choose(id, { focus = false } = {}) {
    const node = items.get(id);
    if (!node) return;
    state.chosen = id;
    // Whoever asks for an item sees it, whatever the key says.
    if (state.offKinds.delete(node.kind)) tick();
    refresh();
    if (claims.has(id)) network.unselectAll(); else network.selectNodes([id], false);
    if (state.near) fit(); else reveal(id);
    describe(node);
    if (location.hash !== address(id)) history.replaceState(null, "", address(id));
    if (focus) get("details-heading").focus();
    else get("shown").textContent = `${node.label}, ${node.kind}, ${joined(id).length === 1 ? "1 link" : `${joined(id).length} links`}.`;
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
  const texts = new Map([...items.values()].map((item) =>
    [item.id, plain([item.label, item.kind, item.description, item.id].join(" "))]));
  const MOST = 20;

  function search() {
    const words = plain(get("query").value).split(/\s+/).filter(Boolean);
    const found = words.length ? [...items.values()].filter(({ id }) => words.every((word) => texts.get(id).includes(word))) : [];
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
  // A line opens the claim that it stands for, or the claim that it leads from.
  const lineOf = (id) => data.edges[id].claim || data.edges[id].from;
  network.on("hoverEdge", ({ edge }) => point(lineOf(edge)));
  network.on("blurEdge", () => point(null));
  network.on("click", (event) => {
    state.back = get("network");
    const id = event.nodes.length ? event.nodes[0] : event.edges.length ? lineOf(event.edges[0]) : null;
    if (id !== null) choose(id, { focus: narrow.matches });
    else if (state.chosen) clear();
  });
  // The wheel scrolls the page, as everywhere else; with Ctrl it zooms the picture.
  get("network").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  }, { capture: true });

  function step(x, y) {
    const from = state.chosen && visible.has(state.chosen) ? placeOf(state.chosen) : network.getViewPosition();
    let best = null, least = Infinity;
    for (const id of visible) {
      const node = placeOf(id), along = (node.x - from.x) * x + (node.y - from.y) * y;
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
