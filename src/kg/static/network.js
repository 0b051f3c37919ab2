"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const data = JSON.parse(get("data").textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const claims = new Map(data.claims.map((claim) => [claim.id, { ...claim, edges: [] }]));
  const items = new Map([...data.nodes, ...claims.values()].map((item) => [item.id, item]));
  data.edges.forEach((edge, number) => {
    edge.id = number;
    edge.bend = 0;
    if (edge.claim) claims.get(edge.claim).edges.push(edge);
  });
  picture.fan(data.edges.filter(({ claim }) => claim));
  finder.over([...items.values()]);
  const ends = explore.ends(data.nodes, data.claims, data.edges, data.backs);
  const { hidden, offKinds, offLinks, say } = controls;
  // What the pointer is on, and where Escape leads back to.
  const state = { pointed: null, back: null };
  // What the address says: the chosen item, how many steps about it are shown alone (0: all), and
  // the ends of a path, of which the second may still be wanted.
  const REST = { chosen: null, near: 0, from: null, to: null };
  Object.assign(state, REST);
  const wanted = () => Boolean(state.from && !state.to);

  // Without a script a link goes to its table row; with one it opens the details.
  const rows = [...document.querySelectorAll("tr[data-id]")];
  for (const row of rows) row.removeAttribute("id");
  document.querySelector(".no-script").hidden = true;
  document.querySelector(".needs-script").hidden = false;
  const narrow = matchMedia("(max-width: 64rem)");

  // ---- what is seen
  const sayShown = () => say(`${counted()} The tables hold the same.`);
  let open, visible, close = null, path = null;
  const isClaim = (id) => claims.has(id);
  // What an item is linked to and is not hidden by the key.
  const joined = (id) => ends.get(id).filter(({ edge, other }) => open.has(other) && !offLinks.has(edge.link));
  const linked = (id) => joined(id).map(({ other }) => other);
  const about = (id, steps) => explore.within(id, steps, linked, isClaim);
  const faded = (id) => Boolean(close) && !close.has(id);
  const mine = (edge) => edge.claim
    ? edge.claim === state.chosen || (close.has(edge.claim) && (edge.from === state.chosen || edge.to === state.chosen))
    : edge.from === state.chosen || edge.to === state.chosen;
  const hiddenEdge = (edge) => (edge.claim ? !visible.has(edge.claim) : offLinks.has(edge.link))
    || !visible.has(edge.from) || !visible.has(edge.to) || Boolean(path && !path.edges.has(edge));

  // What is seen of some items, or of all: what the key leaves, and claims whose ends are seen.
  function seen(items) {
    const left = ({ id, kind }) => !offKinds.has(kind) && (!items || items.has(id));
    const found = new Set(data.nodes.filter(left).map(({ id }) => id));
    for (const claim of claims.values()) {
      if (left(claim) && claim.edges.some(({ from, to }) => found.has(from) && found.has(to))) found.add(claim.id);
    }
    return found;
  }

  open = visible = seen();

  // The shortest paths, with all that is drawn of them.
  function findPath() {
    const found = explore.paths(state.from, state.to, linked);
    const items = new Set([state.from, state.to, ...found.before.keys()]);
    const after = (one, other) => found.before.get(one)?.includes(other);
    const drawn = data.edges.filter(({ from, to, claim }) => !claim && (after(from, to) || after(to, from)));
    for (const id of [...items].filter(isClaim)) drawn.push(...explore.along(claims.get(id).edges, items));
    return { ...found, items, edges: new Set(drawn), drawn: new Set([...items, ...drawn.flatMap(({ from, to }) => [from, to])]) };
  }

  // ---- the picture: lines by vis-network, shapes and names by picture.js
  const marks = new Map(data.marks), mark = (item) => marks.get(item.kind);
  const shape = ({ ctx, id, x, y, state: { selected, hover } }) => ({
    drawNode() {
      const node = items.get(id);
      picture.stamp(ctx, mark(node), { x, y, r: node.size, ring: selected || hover ? "#1d2429" : "", opacity: faded(id) ? 0.3 : 1 });
    },
    nodeDimensions: { width: 2 * items.get(id).size, height: 2 * items.get(id).size },
  });
  const nodeLook = ({ id }) => ({ id, hidden: !visible.has(id) });
  const edgeLook = (edge) => ({
    id: edge.id,
    hidden: hiddenEdge(edge),
    color: { color: edge.color, hover: edge.color, opacity: !close || state.near > 1 || mine(edge) ? 1 : 0.15 },
    width: close && mine(edge) ? edge.width + 1.2 : edge.width,
  });
  // vis-network thinks long about each item that it is told of: so only of those that changed.
  const told = new Map();
  const changed = (look) => {
    const text = JSON.stringify(look), same = told.get(look.id) === text;
    told.set(look.id, text);
    return !same;
  };
  const nodes = new vis.DataSet(data.nodes.map((node) => {
    const { x, y, size } = node;
    return { ...nodeLook(node), x, y, size, shape: "custom", ctxRenderer: shape };
  }));
  const edges = new vis.DataSet(data.edges.map((edge) => ({
    ...edgeLook(edge), from: edge.from, to: edge.to, dashes: edge.dashes, arrows: edge.arrows,
    smooth: edge.bend ? { enabled: true, type: edge.bend > 0 ? "curvedCW" : "curvedCCW", roundness: Math.abs(edge.bend) } : false,
  })));
  const network = new vis.Network(get("network"), { nodes, edges }, {
    ...JSON.parse(data.options),
    layout: { improvedLayout: false },
    interaction: { dragNodes: false, hover: true, keyboard: false, selectConnectedEdges: false, hoverConnectedEdges: false, tooltipDelay: 1e9 },
    edges: { hoverWidth: 0.5, selectionWidth: 0, arrows: { to: { scaleFactor: 0.5 } } },
  });
  const canvas = get("network").querySelector("canvas");
  data.nodes.map(nodeLook).concat(data.edges.map(edgeLook)).forEach(changed);

  function refresh() {
    open = seen();
    close = state.chosen && about(state.chosen, Math.max(1, state.near));
    path = state.to ? findPath() : null;
    visible = path ? seen(path.drawn) : state.near ? seen(about(state.chosen, state.near)) : open;
    nodes.update(data.nodes.map(nodeLook).filter(changed));
    edges.update(data.edges.map(edgeLook).filter(changed));
    for (const row of rows) {
      row.hidden = !visible.has(row.dataset.id);
      for (const part of row.querySelectorAll("[data-of]")) {
        const others = [...part.querySelectorAll("[data-other]")];
        for (const other of others) other.hidden = !visible.has(other.dataset.other);
        part.hidden = offLinks.has(part.dataset.of) || others.every((other) => other.hidden);
      }
    }
    for (const table of document.querySelectorAll("#table section")) {
      const all = [...table.querySelectorAll("tr[data-id]")];
      const shown = all.filter((row) => !row.hidden).length;
      table.hidden = !shown;
      table.querySelector("[data-count]").textContent = shown === all.length ? `(${shown})` : `(${shown} of ${all.length})`;
    }
    sayShown();
    get("neighbours").setAttribute("aria-pressed", String(state.near > 0));
    const more = state.near ? seen(about(state.chosen, state.near + 1)).size - visible.size : 0;
    offer("expand", `Expand one step${state.near ? ` (+${more})` : ""}`, more);
    const here = state.from ? wanted() && state.chosen !== state.from : state.chosen;
    offer("path", !state.from ? "Path from here" : here ? "Path to here" : "Leave the path", state.from || here);
  }

  // A button that can do nothing keeps its place in the order of Tab, and says why when pressed.
  function offer(id, text, able) {
    get(id).textContent = text;
    get(id).setAttribute("aria-disabled", String(!able));
  }

  // How much is shown, and what hides the rest.
  function counted() {
    const why = [];
    if (hidden().length) why.push(`the key hides ${hidden().join(", ")}`);
    if (path) why.push(path.many ? `only the shortest paths from ${quoted(state.from)} to ${quoted(state.to)}` : "no path joins them");
    else if (state.near === 1) why.push(`only neighbours of ${quoted(state.chosen)}`);
    else if (state.near) why.push(`only what is within ${state.near} steps of ${quoted(state.chosen)}`);
    const rest = items.size - visible.size;
    if (rest && !why.length) why.push("they join nothing that is shown");
    return `${details.number(visible.size)} of ${details.number(items.size)} items shown${why.length ? `: ${why.join("; ")}` : ""}.`;
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
    const wide = Math.max(...shown.map(({ x }) => x)) + MARGIN - left;
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
    const kinds = new Set([...visible].map((id) => items.get(id).kind));
    const lineKey = claims.size ? " A line is a claim: wider for more works, dashed where the review knows them only through others." : "";
    return picture.framed({ wide, high: field, lines, shapes }, data.marks.filter(([kind]) => kinds.has(kind)), data.title, `${data.foot} ${counted()}${lineKey}`);
  }
  controls.saving(data.view, ["png", "svg"], () => visible.size, drawn);

  // ---- details
  const quoted = (id) => `“${items.get(id).label}”`;

  function describe() {
    const { chosen, from, to } = state;
    const leaving = details.press("Leave the path", leave);
    if (chosen) {
      const asked = path ? [details.press("Back to the path", () => show({ from, to }, { focus: true }))]
        : wanted() ? [details.asks(`Path from ${quoted(from)}: choose where it leads, in the picture, in the search results or in a table.`), leaving] : [];
      details.item(items.get(chosen), ends.get(chosen).map(({ other, says }) => ({ other: items.get(other), how: says })), asked);
    } else if (path?.many) {
      details.paths(path.first.map((ids) => ids.map((id, place) => ({ item: items.get(id), how: place ? how(ids[place - 1], id) : "" }))), path.many, [leaving]);
    } else if (path) {
      const hides = hidden().length ? " by what the key leaves; “Show everything” brings the rest back" : "";
      details.tell("No path", details.says(`Nothing leads from ${quoted(from)} to ${quoted(to)}${hides}.`), leaving);
    } else {
      details.tell("Details", details.says("Choose an item in the picture, in the search results or in a table."));
    }
  }

  // How an item of a path is linked to the one before.
  function how(before, id) {
    const { kind } = items.get(id);
    if (isClaim(id)) return `joined by the ${kind}`;
    if (isClaim(before)) return `to the ${kind}`;
    return [...new Set(joined(before).filter(({ other }) => other === id).map(({ says }) => says))].join("; ");
  }

  const placeOf = (id) => claims.has(id) ? midway(claims.get(id).edges[0]) : items.get(id);
  function reveal(id) {
    const { x, y } = network.canvasToDOM(placeOf(id));
    const out = x < 60 || y < 60 || x > canvas.clientWidth - 60 || y > canvas.clientHeight - 60;
    if (out) network.moveTo({ position: placeOf(id), animation: still ? false : { duration: 250 } });
  }

  const addressOf = ({ chosen, near, from, to }) => details.hash({ node: to || chosen !== from ? chosen : null, near, from, to });

  // Shows what is given of REST, and says so in the address.
  function show(next, { focus = false } = {}) {
    Object.assign(state, REST, next);
    const { chosen, from, to } = state;
    for (const id of [chosen, from, to]) if (id) controls.unhide(items.get(id).kind);
    refresh();
    if (chosen && !isClaim(chosen)) network.selectNodes([chosen], false); else network.unselectAll();
    if (state.near || path) fit(); else if (chosen) reveal(chosen);
    describe();
    if (location.hash !== addressOf(state)) history.replaceState(null, "", addressOf(state));
    if (focus) get("details-heading").focus();
    else if (wanted()) say(`Path from ${quoted(from)}: choose where it leads.${chosen === from ? "" : ` Enter ends it at ${quoted(chosen)}.`} Esc leaves.`);
    else if (chosen && !state.near) say(`${items.get(chosen).label}, ${items.get(chosen).kind}, ${joined(chosen).length === 1 ? "1 link" : `${joined(chosen).length} links`}.`);
  }

  // What is shown once an item is chosen: the end of a path that wants one, an item of the path
  // that is shown, or else the item among its neighbours or among all.
  function choosing(id) {
    const { from, to } = state;
    if (wanted() && id !== from) return { from, to: id };
    if (path?.items.has(id)) return { chosen: id, from, to };
    return wanted() ? { chosen: id, from } : { chosen: id, near: state.near && 1 };
  }

  function clear() {
    state.pointed = null;
    show({});
  }
  const leave = () => show({ chosen: state.from }, { focus: get("details").contains(document.activeElement) });

  function byAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    const [chosen, from, to] = ["node", "from", "to"].map((name) => said.get(name));
    const unknown = [chosen, from, to].find((id) => id && !items.has(id));
    if (unknown) say(`There is no item “${unknown}” on this page.`);
    else if (from && to && from !== to) show({ chosen, from, to }, { focus: true });
    else if (from) show({ chosen: chosen || from, from }, { focus: true });
    else if (chosen) show({ chosen, near: Math.max(0, Number.parseInt(said.get("near"), 10) || 0) }, { focus: true });
    else if (state.chosen || state.from) clear();
  }

  // ---- links, key and buttons
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#node=']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!link.closest(".details")) state.back = link;
    const id = new URLSearchParams(link.hash.slice(1)).get("node");
    const hash = addressOf({ ...REST, ...choosing(id) });
    // The address that it already has would fire no hashchange.
    if (hash === location.hash) byAddress(); else location.hash = hash;
  });
  addEventListener("hashchange", byAddress);
  controls.key(() => {
    refresh();
    if (path) describe();
  }, () => {
    clear();
    fit();
  });
  function neighbours() {
    const chosen = state.chosen || state.from;
    if (!chosen) {
      say("Choose an item first; then its neighbours can be shown alone.");
      return;
    }
    show({ chosen, near: state.near ? 0 : 1 });
    fit();
    sayShown();
  }
  function expand() {
    if (get("expand").getAttribute("aria-disabled") === "false") show({ chosen: state.chosen, near: state.near + 1 });
    else if (state.near) say("Nothing further is linked to what is shown.");
    else say("Choose an item and press “Neighbours only” first; then each press adds what is one step further.");
  }
  function pathHere() {
    const { chosen, from } = state;
    if (!from && !chosen) say("Choose an item first; then the path from it to another can be shown.");
    else if (!from) show({ chosen, from: chosen });
    else if (wanted() && chosen !== from) show({ from, to: chosen });
    else leave();
  }
  const zoom = (factor) => network.moveTo({ scale: network.getScale() * factor });
  controls.buttons({ neighbours, expand, path: pathHere, fit, closer: () => zoom(1.25), further: () => zoom(0.8) });

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
    if (id !== null) show(choosing(id), { focus: narrow.matches });
    else if (state.from && state.to) show({ from: state.from, to: state.to });
    else if (!state.from && state.chosen) clear();
  });

  function step(x, y) {
    const from = state.chosen && visible.has(state.chosen) ? placeOf(state.chosen) : network.getViewPosition();
    const best = explore.towards([...visible].map((id) => [id, placeOf(id)]), from, x, y);
    // Keys only look at what might end a path; Enter ends it.
    if (best) show(wanted() ? { chosen: best, from: state.from } : choosing(best));
    else say("Nothing further that way.");
  }
  const does = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
    n: neighbours, N: neighbours, e: expand, E: expand, p: pathHere, P: pathHere,
    Enter: () => {
      state.back = get("network");
      if (wanted() && state.chosen !== state.from) pathHere();
      else if (state.chosen || path) get("details-heading").focus();
    },
    Escape: () => (state.from ? leave() : clear()),
  };
  controls.keys(does);
  // Escape leaves a path wherever it is pressed, but first empties a search.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.from && !(event.target === get("query") && get("query").value)) leave();
  });
  // Letters mean in the details what they mean in the picture; a path is then chosen there.
  document.querySelector(".details").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !state.from) (state.back?.isConnected ? state.back : get("network")).focus();
    if (!controls.plain(event) || !/^[nep]$/i.test(event.key)) return;
    does[event.key]();
    // What had the focus may be gone with the details that it stood in.
    if (wanted()) get("network").focus();
    else if (!event.target.isConnected) get("details-heading").focus();
  });

  refresh();
  network.once("afterDrawing", () => {
    fit();
    byAddress();
    // An address of an item or a path is opened to see it: the head of the page may be out of sight.
    if ((state.chosen || state.from) && !narrow.matches) document.querySelector(".panes").scrollIntoView();
    const page = document.documentElement;
    page.dataset.ready = "true";
    // The tables are laid out after the frame in which the picture stands: see network.css.
    requestAnimationFrame(() => setTimeout(() => { page.dataset.settled = "true"; }));
  });
  // On paper the picture stays as it is on the screen: a new size would empty it, and none draws anew.
  addEventListener("beforeprint", () => network.setOptions({ autoResize: false }));
  addEventListener("afterprint", () => network.setOptions({ autoResize: true }));
  let size = canvas.clientWidth;
  network.on("resize", ({ width }) => {
    if (width !== size) fit();
    size = width;
  });
})();
