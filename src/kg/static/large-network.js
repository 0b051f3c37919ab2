"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const data = JSON.parse(get("data").textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const narrow = matchMedia("(max-width: 64rem)");
  const INK = "#1d2429", PALE = 0.25, ROWS = 50, NAMES = 150, LEGIBLE = 5, HUBS = 100, MOST_LINKS = 100;

  // Landmarks of a kind that has few are hubs, named before all else: first the kinds whose items
  // have the most links. The more items there are, the smaller is each of the others.
  const many = data.marks.map(() => 0), links = data.marks.map(() => 0);
  for (const [, , kind] of data.items) many[kind] += 1;
  data.edges.forEach((number, at) => { if (at % 3 < 2) links[data.items[number][2]] += 1; });
  const kinds = data.marks.map(([kind, mark], cell) => {
    const hub = data.landmarks[cell] && many[cell] <= HUBS;
    return { kind, mark, cell, hub, rank: hub ? 1 + links[cell] / many[cell] / (data.edges.length || 1) : 0 };
  });
  const small = Math.min(1, (4000 / data.items.length) ** 0.25);
  const items = data.items.map(([id, label, kind, x, y, size]) => {
    const told = kinds[kind], grown = 1.5 + (size - 7) * 0.4;
    return { id, label, x, y, description: "", facts: [], page: "", ...told, size: told.hub ? Math.max(grown, 4.5) : small * grown };
  });
  const byId = new Map(items.map((item) => [item.id, item]));
  function eachEdge(act) {
    for (let at = 0; at < data.edges.length; at += 3) {
      const from = items[data.edges[at]], to = items[data.edges[at + 1]];
      act(from, to, ...(data.links[data.edges[at + 2]] || [null, null, from.mark.colour]));
    }
  }
  // What each item is linked to; the first picture does not need it.
  let ends = null;
  function linked() {
    const found = new Map(items.map((item) => [item, []]));
    eachEdge((from, to, link, back, colour) => {
      found.get(from).push({ link, colour, other: to, says: link ?? to.kind, out: true });
      found.get(to).push({ link, colour, other: from, says: back ?? from.kind });
    });
    return found;
  }

  const { hidden, offKinds, offLinks, say } = controls, { make, number } = details;
  // What is chosen and whether its neighbours are shown alone, what the pointer is on, and where
  // Escape leads back to.
  const state = { chosen: null, near: false, pointed: null, back: null };
  let visible = new Set(items), page = 1, sought = null;
  const joined = (item) => (ends ??= linked()).get(item).filter(({ link, other }) => !offLinks.has(link) && !offKinds.has(other.kind));
  for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
  document.querySelector(".no-script").hidden = true;

  // ---- the picture: shapes and lines by sigma, and over them names and what is chosen
  const mixed = (colour, share) => `#${[1, 3, 5].map((at) => Math.round(255 - share * (255 - Number.parseInt(colour.slice(at, at + 2), 16)))
    .toString(16).padStart(2, "0")).join("")}`;
  const pale = new Map([...data.marks.map(([, { colour }]) => colour), ...data.links.map(([, , colour]) => colour)].map((colour) => [colour, mixed(colour, PALE)]));
  const shows = (from, to, link) => !offLinks.has(link) && visible.has(from) && visible.has(to);
  // The best linked are drawn last, over the others.
  const upward = (some) => [...some].sort((a, b) => a.rank - b.rank || a.size - b.size);

  // All marks side by side, from which each shape is taken.
  const CELL = 64, cells = 2 ** Math.ceil(Math.log2(data.marks.length));
  function sheet() {
    const canvas = Object.assign(document.createElement("canvas"), { width: CELL * cells, height: CELL });
    const context = canvas.getContext("2d");
    data.marks.forEach(([, mark], place) => picture.stamp(context, mark, { x: CELL * (place + 0.5), y: CELL / 2, r: CELL / 3 }));
    return canvas;
  }

  function markProgram() {
    const FLOAT = WebGLRenderingContext.FLOAT;
    return class extends sigma.NodeProgram {
      constructor(gl, ...rest) {
        super(gl, ...rest);
        this.texture = gl.createTexture();
        gl.bindTexture(gl.TEXTURE_2D, this.texture);
        gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet());
        gl.generateMipmap(gl.TEXTURE_2D);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      }

      getDefinition() {
        return {
          VERTICES: 1,
          METHOD: WebGLRenderingContext.POINTS,
          VERTEX_SHADER_SOURCE: `
            attribute vec2 a_position;
            attribute float a_size, a_cell;
            attribute vec4 a_id;
            uniform mat3 u_matrix;
            uniform float u_scale;
            varying float v_cell;
            varying vec4 v_id;
            void main() {
              gl_Position = vec4((u_matrix * vec3(a_position, 1.0)).xy, 0.0, 1.0);
              gl_PointSize = a_size * u_scale;
              v_cell = a_cell;
              v_id = vec4(a_id.rgb, a_id.a * 255.0 / 254.0);
            }`,
          FRAGMENT_SHADER_SOURCE: `
            precision mediump float;
            uniform sampler2D u_marks;
            uniform float u_cells;
            varying float v_cell;
            varying vec4 v_id;
            void main() {
              vec4 texel = texture2D(u_marks, vec2((v_cell + gl_PointCoord.x) / u_cells, gl_PointCoord.y));
              #ifdef PICKING_MODE
              if (texel.a < 0.5) discard;
              gl_FragColor = v_id;
              #else
              gl_FragColor = texel;
              #endif
            }`,
          UNIFORMS: ["u_matrix", "u_scale", "u_marks", "u_cells"],
          ATTRIBUTES: [
            { name: "a_position", size: 2, type: FLOAT },
            { name: "a_size", size: 1, type: FLOAT },
            { name: "a_cell", size: 1, type: FLOAT },
            { name: "a_id", size: 4, type: WebGLRenderingContext.UNSIGNED_BYTE, normalized: true },
          ],
        };
      }

      processVisibleItem(id, at, data) {
        const { x, y, size, item } = data;
        item.spot = data; // its place as sigma scales it, for the lines
        this.array.set([x, y, size, item.cell, id], at);
      }

      setUniforms({ matrix, sizeRatio, pixelRatio }, { gl, uniformLocations }) {
        gl.activeTexture(gl.TEXTURE0);
        gl.bindTexture(gl.TEXTURE_2D, this.texture);
        gl.uniform1i(uniformLocations.u_marks, 0);
        gl.uniform1f(uniformLocations.u_cells, cells);
        // A point is as wide as its cell, of which the mark fills two thirds.
        gl.uniform1f(uniformLocations.u_scale, (3 * pixelRatio) / sizeRatio);
        gl.uniformMatrix3fv(uniformLocations.u_matrix, false, matrix);
      }
    };
  }

  // All lines go to WebGL at once. As edges of the graph each would be made, copied and looked up
  // one by one, which takes longer than all the rest.
  function lineProgram() {
    return class extends sigma.EdgeLineProgram {
      reallocate() {
        const lines = [];
        eachEdge((from, to, link, back, colour) => {
          if (shows(from, to, link)) lines.push([from.spot, to.spot, { color: pale.get(colour) }]);
        });
        super.reallocate(lines.length);
        lines.forEach((line, number) => this.processVisibleItem(0, number * this.STRIDE, ...line));
      }
    };
  }

  // In place of programs of sigma's own, which would be compiled and not used.
  class NoProgram {
    reallocate() {}
    process() {}
    render() {}
  }

  function network() {
    const graph = new sigma.Graph({ type: "directed", multi: true, allowSelfLoops: true });
    // What sigma would add to each takes it longer than to be given it.
    const rest = { type: "circle", color: INK, label: null, hidden: false, highlighted: false, forceLabel: false, zIndex: 0 };
    for (const item of upward(items)) {
      graph.addNode(item.id, { x: item.x, y: -item.y, size: item.size, item, ...rest });
    }
    return new sigma.Sigma(graph, get("network"), {
      allowInvalidContainer: true, enableCameraRotation: false, renderLabels: false, stagePadding: 20,
      minCameraRatio: 0.002, maxCameraRatio: 2, zoomDuration: still ? 0 : 250, inertiaDuration: still ? 0 : 200,
      defaultDrawNodeHover: () => {},
      nodeProgramClasses: { circle: markProgram() }, nodeHoverProgramClasses: { circle: NoProgram },
      edgeProgramClasses: { line: lineProgram(), arrow: NoProgram },
    });
  }

  // Without WebGL all else still works. To ask for it first would make a context that nothing else uses.
  function withoutPicture(notice) {
    document.querySelector(notice).hidden = false;
    for (const id of ["closer", "further", "fit", "network", "keys"]) get(id).hidden = true;
  }
  function drawing() {
    try {
      return network();
    } catch (error) {
      console.warn("The picture cannot be drawn:", error);
      withoutPicture(".no-picture");
      return null;
    }
  }
  const view = drawing();
  get("network").addEventListener("webglcontextlost", () => withoutPicture(".lost-picture"), { capture: true });
  const overlay = view?.createCanvas("names", { beforeLayer: "mouse", style: { pointerEvents: "none" } });
  const placed = (item) => view.graphToViewport({ x: item.x, y: -item.y });

  // What is chosen stands out over the rest, with its links and neighbours; names keep clear of
  // one another.
  function adorn() {
    const { width, height } = view.getDimensions(), ratio = devicePixelRatio || 1;
    Object.assign(overlay, { width: width * ratio, height: height * ratio });
    const context = overlay.getContext("2d");
    context.scale(ratio, ratio);
    const scale = view.scaleSize(1), radius = ({ size }) => size * scale;
    const told = new Set([state.chosen, state.pointed].filter((item) => visible.has(item)));
    const near = new Set();
    if (visible.has(state.chosen)) {
      context.fillStyle = "rgba(255, 255, 255, 0.7)";
      if (!state.near) context.fillRect(0, 0, width, height);
      for (const { colour, other } of joined(state.chosen)) {
        const [from, to] = [state.chosen, other].map(placed);
        context.strokeStyle = colour;
        context.stroke(new Path2D(picture.bent(from, to, 0)));
        near.add(other);
      }
    }
    for (const item of near) picture.stamp(context, item.mark, { ...placed(item), r: Math.max(radius(item), 2) });
    for (const item of told) picture.stamp(context, item.mark, { ...placed(item), r: Math.max(radius(item), 6), ring: INK });
    const wanted = near.size ? new Set([...near, ...told]) : [...visible].filter((item) => item.hub || radius(item) >= LEGIBLE || told.has(item));
    const shown = [...wanted].map((item) => ({
      ...placed(item), r: radius(item), label: item.label, landmark: item.hub, hub: item.hub, rank: told.has(item) ? 3 : item.rank,
    })).filter(({ x, y }) => x > -20 && y > -20 && x < width + 20 && y < height + 20);
    shown.sort((a, b) => b.rank - a.rank || b.r - a.r);
    picture.write(context, picture.names(context, shown.slice(0, NAMES), width, height));
  }

  function bounds(places) {
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    for (const { x, y } of places) {
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
    return { left, top, right, bottom };
  }

  // What sigma's camera has to look at to show some items.
  function frame(shown) {
    const { left, top, right, bottom } = bounds([...shown].map(placed));
    const { width, height } = view.getDimensions(), { ratio } = view.getCamera().getState();
    const share = Math.max((right - left) / width, (bottom - top) / height, 0.02 / ratio) * 1.25;
    return { ...view.viewportToFramedGraph({ x: (left + right) / 2, y: (top + bottom) / 2 }), ratio: ratio * share };
  }
  const look = (to) => (still ? view.getCamera().setState(to) : view.getCamera().animate(to, { duration: 250 }));
  const fit = () => { if (view && visible.size) look(frame(visible)); };
  const zoom = (factor) => { if (view) look({ ratio: view.getCamera().getState().ratio / factor }); };
  function reveal(item) {
    const at = placed(item), { width, height } = view.getDimensions();
    if (at.x < 60 || at.y < 60 || at.x > width - 60 || at.y > height - 60) look(view.viewportToFramedGraph(at));
  }

  // ---- the picture as a file and on paper: all that is shown, whatever part of it the screen holds
  function drawn(side) {
    const MARGIN = 60, TOP = 30, SCREEN = 700;
    const { left, top, right, bottom } = bounds(visible), all = bounds(items);
    const whole = Math.max(all.right - all.left, all.bottom - all.top, 1);
    // As on the screen, a few that lie close are not parted without end.
    const [across, down] = [right - left, bottom - top].map((extent) => Math.max(extent, whole / 50));
    const scale = side / Math.max(across, down);
    const at = ({ x, y }) => ({ x: (x - (left + right - across) / 2) * scale + MARGIN, y: (y - (top + bottom - down) / 2) * scale + MARGIN + TOP });
    // Shapes grow as they do there, where the whole network is seen at first.
    const growth = Math.sqrt((scale * whole) / SCREEN);
    const lines = [];
    eachEdge((from, to, link, back, colour) => {
      if (shows(from, to, link)) lines.push({ d: picture.bent(at(from), at(to), 0), colour: pale.get(colour), width: 1 });
    });
    const shapes = upward(visible).map((item) => ({
      ...at(item), r: Math.min(item.size * growth, 16), mark: item.mark, label: item.label, landmark: item.hub, hub: item.hub,
      ring: item === state.chosen ? INK : "", rank: item === state.chosen ? 3 : item.rank,
    }));
    return { wide: across * scale + 2 * MARGIN, high: down * scale + 2 * MARGIN + TOP, lines, shapes };
  }
  controls.saving(data.view, ["png"], () => visible.size, () => {
    const left = new Set([...visible].map(({ kind }) => kind));
    return picture.framed(drawn(1200), data.marks.filter(([kind]) => left.has(kind)), data.title, `${data.foot} ${counted()}`);
  });

  // WebGL's layers are empty on paper, where a picture made for it takes their place.
  addEventListener("beforeprint", () => {
    if (!view || !visible.size) return;
    const field = drawn(700), { wide, high, shapes } = field;
    const names = picture.names(document.createElement("canvas").getContext("2d"), shapes, wide, high);
    get("network").append(Object.assign(picture.painted({ ...field, names, texts: [] }), { className: "on-paper" }));
  });
  addEventListener("afterprint", () => get("network").querySelector(".on-paper")?.remove());

  // ---- the table, a part at a time
  // The search narrows it, save that neighbours are all there whatever was sought.
  const narrowed = () => Boolean(sought) && !state.near;
  const linkTo = (item) => make("a", { href: details.hash({ node: item.id }), textContent: item.label });
  function cell(label, ...parts) {
    const made = make("td", { className: { Facts: "fact facts", Links: "links" }[label] || "fact" }, ...parts);
    made.setAttribute("role", "cell");
    made.dataset.label = label;
    return made;
  }
  function row(item) {
    const head = make("th", { scope: "row" }, linkTo(item), ...(item.description ? [details.says(item.description)] : []),
      make("p", { className: "quiet", textContent: item.id.replace(/^statement:/, "") }));
    head.setAttribute("role", "rowheader");
    const out = new Map();
    for (const { other, says, out: leads } of joined(item)) if (leads && visible.has(other)) out.set(says, [...(out.get(says) || []), other]);
    const links = [...out].map(([says, others]) => make("div", { className: "linked" }, make("span", { className: "name", textContent: says }), ": ",
      make("ul", {}, ...others.map((other) => make("li", {}, linkTo(other))))));
    const incoming = joined(item).filter(({ other, out: leads }) => !leads && visible.has(other)).length;
    if (incoming) links.push(make("div", { textContent: `${number(incoming)} ${incoming === 1 ? "link leads" : "links lead"} here` }));
    const facts = item.facts.map(([heading, text]) => make("div", {}, make("span", { className: "quiet", textContent: `${heading}: ` }), text));
    const made = make("tr", {}, head, cell("Kind", details.symbol(item.kind), " ", make("span", { className: "name", textContent: item.kind })),
      cell("Facts", ...(facts.length ? facts : ["–"])), cell("Links", ...links));
    made.setAttribute("role", "row");
    return made;
  }
  function turn(to) {
    const listed = [...visible].filter((item) => !narrowed() || sought.has(item)), many = number(listed.length);
    const pages = Math.max(1, Math.ceil(listed.length / ROWS));
    page = Math.min(Math.max(1, to), pages);
    const begin = (page - 1) * ROWS, part = listed.slice(begin, begin + ROWS);
    get("rows").replaceChildren(...part.map(row));
    get("page").value = page;
    get("page").max = pages;
    get("pages").textContent = `of ${number(pages)}`;
    get("count").textContent = listed.length === items.length ? `(${many})` : `(${many} of ${number(items.length)})`;
    get("part").textContent = part.length ? `Rows ${number(begin + 1)} to ${number(begin + part.length)} of ${many}.` : "No item is shown.";
    for (const [id, off] of [["first", page === 1], ["previous", page === 1], ["next", page === pages], ["last", page === pages]]) {
      get(id).setAttribute("aria-disabled", String(off));
    }
  }

  // ---- what is seen
  const sayShown = () => say(`${counted()} The table holds ${narrowed() ? "what the search finds of them" : "the same"}.`);
  function counted() {
    const why = [];
    if (hidden().length) why.push(`the key hides ${hidden().join(", ")}`);
    if (state.near) why.push(`only neighbours of “${state.chosen.label}”`);
    return `${number(visible.size)} of ${number(items.length)} items shown${why.length ? `: ${why.join("; ")}` : ""}.`;
  }

  function refresh() {
    const seen = state.near ? new Set([state.chosen, ...joined(state.chosen).map(({ other }) => other)]) : null;
    visible = new Set(items.filter((item) => !offKinds.has(item.kind) && (!seen || seen.has(item))));
    // To set it makes sigma read everything anew, lines too.
    view?.setSetting("nodeReducer", (id, told) => ({ ...told, hidden: !visible.has(told.item) }));
    get("neighbours").setAttribute("aria-pressed", String(state.near));
    turn(1);
    sayShown();
  }

  function describe() {
    const { chosen } = state;
    if (!chosen) {
      details.tell("Details", details.says("Choose an item in the picture, in the search results or in the table."));
      return;
    }
    details.item(chosen, joined(chosen).map(({ other, says }) => ({ other, how: says })), [], MOST_LINKS);
  }

  function show(chosen, { near = false, focus = false } = {}) {
    const before = state.near;
    Object.assign(state, { chosen, near: Boolean(chosen) && near });
    const was = chosen && controls.unhide(chosen.kind);
    if (was || before || state.near) {
      refresh();
      fit();
    } else if (view && chosen) reveal(chosen);
    if (view) adorn();
    describe();
    const address = details.hash({ node: chosen?.id, near: state.near ? 1 : null });
    if (location.hash !== address) history.replaceState(null, "", address);
    if (focus) get("details-heading").focus();
    if (!chosen) sayShown();
    else if (!state.near) say(`${chosen.label}, ${chosen.kind}, ${joined(chosen).length === 1 ? "1 link" : `${number(joined(chosen).length)} links`}.`);
  }
  const clear = () => show(null);

  function byAddress() {
    const said = new URLSearchParams(location.hash.slice(1)), id = said.get("node");
    if (id && !byId.has(id)) say(`There is no item “${id}” on this page.`);
    else if (id) show(byId.get(id), { near: Number(said.get("near")) > 0, focus: true });
    else if (state.chosen) clear();
  }

  // ---- links, key and buttons
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#node=']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!link.closest(".details")) state.back = link;
    if (link.hash === location.hash) byAddress(); else location.hash = link.hash;
  });
  addEventListener("hashchange", byAddress);
  controls.key(() => {
    refresh();
    describe();
  }, () => {
    clear();
    refresh();
    fit();
  });
  function neighbours() {
    if (state.chosen) show(state.chosen, { near: !state.near });
    else say("Choose an item first; then its neighbours can be shown alone.");
  }
  controls.buttons({ neighbours, fit, closer: () => zoom(1.5), further: () => zoom(1 / 1.5),
    first: () => turn(1), previous: () => turn(page - 1), next: () => turn(page + 1), last: () => turn(Infinity) });
  get("page").addEventListener("change", () => turn(Number.parseInt(get("page").value, 10) || page));
  get("page").addEventListener("blur", () => { get("page").value = page; });

  // ---- pointer and keys in the picture
  function point(item) {
    state.pointed = item;
    get("network").style.cursor = item ? "pointer" : "";
    adorn();
  }
  view?.on("enterNode", ({ node }) => point(byId.get(node)));
  view?.on("leaveNode", () => point(null));
  view?.on("clickNode", ({ node }) => {
    state.back = get("network");
    show(byId.get(node), { near: state.near, focus: narrow.matches });
  });
  view?.on("clickStage", () => { if (state.chosen) clear(); });

  function step(x, y) {
    const { width, height } = get("network").getBoundingClientRect();
    const from = state.chosen || (view ? view.viewportToGraph({ x: width / 2, y: height / 2 }) : { x: 0, y: 0 });
    const places = [...visible].map((item) => [item, item]);
    const best = explore.towards(places, state.chosen ? from : { x: from.x, y: -from.y }, x, y);
    if (best) show(best, { near: state.near });
    else say("Nothing further that way.");
  }
  controls.keys({
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: fit, n: neighbours, N: neighbours,
    Enter: () => {
      state.back = get("network");
      if (state.chosen) get("details-heading").focus();
    },
    Escape: clear,
  });
  document.querySelector(".details").addEventListener("keydown", (event) => {
    if (event.key === "Escape") (state.back?.isConnected ? state.back : get("network")).focus();
    if (!controls.plain(event) || !/^n$/i.test(event.key)) return;
    neighbours();
    if (!event.target.isConnected) get("details-heading").focus();
  });

  if (view) {
    view.on("afterRender", adorn);
    adorn();
    // What is said below takes its height from the picture; sigma hears of the window's size alone.
    new ResizeObserver(() => view.scheduleRender()).observe(get("network"));
  }

  // What is not seen at first waits until the picture stands.
  function settle() {
    JSON.parse(get("told").textContent).forEach(([description, facts, page], place) => Object.assign(items[place], { description, facts, page }));
    turn(1);
    sayShown();
    finder.over(items, (found) => {
      const before = narrowed();
      sought = found;
      turn(1);
      if (narrowed() !== before) sayShown();
    });
    byAddress();
    if (state.chosen && !narrow.matches) document.querySelector(".panes").scrollIntoView();
    document.documentElement.dataset.settled = "true";
  }
  requestAnimationFrame(() => {
    document.documentElement.dataset.ready = "true";
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (document.readyState === "loading") addEventListener("DOMContentLoaded", settle);
      else setTimeout(settle);
    }));
  });
})();
