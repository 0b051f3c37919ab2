"use strict";
// What is drawn, in one form for the screen, for PNG and for SVG: paths and names, no state.
const picture = (() => {
  const FACE = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";
  const INK = "#1d2429", QUIET = "#6b7780";

  // Lines that join the same two things fan out, so that each can be seen and chosen.
  function fan(edges) {
    const pairs = new Map();
    for (const edge of edges) {
      const key = [edge.from, edge.to].sort().join(" ");
      pairs.set(key, [...(pairs.get(key) || []), edge]);
    }
    for (const pair of pairs.values()) {
      const step = Math.min(0.2, 1.1 / pair.length);
      pair.forEach((edge, place) => {
        const bend = step * (place - (pair.length - 1) / 2);
        edge.bend = edge.from < edge.to ? bend : -bend;
      });
    }
  }

  // The middle of a line that is bent by `bend`, 0 for a straight one; as vis-network bends it.
  const control = (from, to, bend) => {
    const reach = 0.5 * Math.abs(bend) + 0.5, length = Math.hypot(to.x - from.x, to.y - from.y);
    const angle = Math.atan2(from.y - to.y, to.x - from.x) + (0.5 * bend + 0.5) * Math.PI;
    return { x: from.x + reach * length * Math.sin(angle), y: from.y + reach * length * Math.cos(angle) };
  };
  const middle = (from, to, bend) => {
    if (!bend) return { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const via = control(from, to, bend);
    return { x: from.x / 4 + via.x / 2 + to.x / 4, y: from.y / 4 + via.y / 2 + to.y / 4 };
  };
  const bent = (from, to, bend) => {
    if (!bend) return `M${round(from)}L${round(to)}`;
    return `M${round(from)}Q${round(control(from, to, bend))} ${round(to)}`;
  };
  const round = ({ x, y }) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;

  // An arrow's head, where a straight line meets the shape that it leads to.
  const head = (from, to, room) => {
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const x = (to.x - from.x) / length, y = (to.y - from.y) / length;
    const tip = { x: to.x - x * room, y: to.y - y * room }, base = { x: tip.x - x * 8, y: tip.y - y * 8 };
    return `M${round(tip)}L${round({ x: base.x - y * 4, y: base.y + x * 4 })}L${round({ x: base.x + y * 4, y: base.y - x * 4 })}z`;
  };

  // One shape, `r` from its middle to its edge; the marks are drawn in a box from -10 to 10.
  function stamp(context, mark, { x, y, r, ring = "", opacity = 1 }) {
    context.save();
    context.globalAlpha *= opacity;
    context.translate(x, y);
    context.scale(r / 8, r / 8);
    const path = new Path2D(mark.path);
    context.fillStyle = mark.hollow ? "#ffffff" : mark.colour;
    context.strokeStyle = ring || mark.colour;
    context.lineWidth = ring ? Math.min(4, 20 / r) : mark.hollow ? 2.5 : 1;
    context.fill(path);
    context.stroke(path);
    context.restore();
  }

  const wrapped = new Map();
  function lines(context, text, font, width) {
    const key = `${font}|${text}`;
    if (wrapped.has(key)) return wrapped.get(key);
    context.font = font;
    const found = [""];
    // Of a word as long as an address, the beginning in two lines.
    for (const word of text.replace(/(\S{20})(\S{19})\S{2,}/gu, "$1 $2…").split(" ")) {
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

  // Places names, the most wanted first, none over another; `items` have x, y, r, label, landmark
  // and rank: below 0 in grey, and only of landmarks; above 2 whatever it lies upon. A hub, of
  // which a crowded picture tells by its name alone, has more places for it.
  function names(context, items, wide, high) {
    const taken = items.map(({ landmark, rank, x, y, r }) => ({ item: true, rank: landmark ? rank : -Infinity, left: x - r, right: x + r, top: y - r, bottom: y + r }));
    const wanted = items.filter(({ rank, landmark }) => rank >= 0 || landmark)
      .sort((a, b) => b.rank - a.rank || b.r - a.r).slice(0, 300);
    const placed = [];
    for (const { x, y, r, rank, label, landmark, hub } of wanted) {
      const must = rank > 2, large = landmark || must;
      const font = `${large ? 600 : 400} ${large ? 14 : 12.5}px ${FACE}`, step = large ? 17 : 15;
      const text = lines(context, label, font, large ? 170 : 150);
      const w = text.width / 2 + 3, h = (text.lines.length * step) / 2 + 1, gap = r + 4;
      const aslant = hub ? [[r + w, r + h], [-r - w, r + h], [r + w, -r - h], [-r - w, -r - h]] : [];
      const spots = [[0, gap + h], [0, -gap - h], [gap + w, 0], [-gap - w, 0], ...aslant].map(([aside, down]) => {
        // Above and below, a name may slide along its shape to stay inside the picture.
        const at = aside ? x + aside : Math.min(Math.max(x, w + 2), wide - w - 2);
        return { x: at, left: at - w, right: at + w, top: y + down - h, bottom: y + down + h };
      });
      const inside = (box) => box.left >= 2 && box.right <= wide - 2 && box.top >= 2 && box.bottom <= high - 2;
      const free = (box) => inside(box) && taken.every((other) => apart(box, other));
      // A landmark would rather lie on a lesser shape than have no name, a hub on its like too.
      const nearly = (box) => inside(box) && taken.every((other) => apart(box, other) || (other.item && (hub ? other.rank <= rank : other.rank < rank)));
      const box = spots.find(free) || (large && spots.find(nearly)) || (must && (spots.find(inside) || spots[0]));
      if (!box) continue;
      taken.push(box);
      const colour = rank < 0 ? QUIET : INK;
      text.lines.forEach((line, number) => placed.push({ line, font, colour, x: box.x, y: box.top + 1 + step * (number + 0.5) }));
    }
    return placed;
  }

  function write(context, placed) {
    context.save();
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.lineJoin = "round";
    context.strokeStyle = "#ffffff";
    context.lineWidth = 4;
    for (const { line, font, colour, x, y } of placed) {
      context.font = font;
      context.strokeText(line, x, y);
      context.fillStyle = colour;
      context.fillText(line, x, y);
    }
    context.restore();
  }

  // A key for a file: marks with their names, in rows from `top` down.
  function key(context, marks, wide, top) {
    context.font = `400 14px ${FACE}`;
    const shapes = [], texts = [];
    let x = 28, y = top;
    for (const [text, mark] of marks) {
      const width = context.measureText(text).width + 46;
      if (x > 28 && x + width > wide) { x = 28; y += 26; }
      shapes.push({ mark, x, y, r: 8, label: text });
      texts.push({ text, x: x + 16, y: y + 5, size: 14, weight: 400 });
      x += width;
    }
    return { shapes, texts, bottom: y };
  }

  // A picture with its title, key and foot, for a file.
  function framed({ wide: least, high, lines, shapes }, marks, title, foot) {
    const wide = Math.max(1000, least), context = document.createElement("canvas").getContext("2d");
    const under = key(context, marks, wide, high + 10), bottom = under.bottom + 50;
    const texts = [{ text: title, x: 20, y: 34, size: 20, weight: 600 }, ...under.texts, { text: foot, x: 20, y: bottom - 16, size: 13, weight: 400 }];
    return { wide, high: bottom, lines, shapes: [...shapes, ...under.shapes], names: names(context, shapes, wide, high), texts, title, foot };
  }

  // ---- the whole picture as a file: `drawn` holds wide, high, lines, shapes, names, texts
  // (each with text, x, y, size and weight) and, for SVG, title and foot
  const SVG = "http://www.w3.org/2000/svg";
  function svg(drawn) {
    const part = (name, attributes, text = "") => {
      const made = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.textContent = text;
      return made;
    };
    const root = part("svg", { viewBox: `0 0 ${drawn.wide} ${drawn.high}`, width: drawn.wide, height: drawn.high, role: "img", "font-family": FACE });
    root.append(part("title", {}, drawn.title), part("desc", {}, drawn.foot),
      part("rect", { width: drawn.wide, height: drawn.high, fill: "#ffffff" }));
    for (const { d, colour, width, dashes, fill } of drawn.lines) {
      root.append(part("path", fill ? { d, fill: colour }
        : { d, fill: "none", stroke: colour, "stroke-width": width, ...(dashes ? { "stroke-dasharray": dashes.join(" ") } : {}) }));
    }
    for (const { mark, x, y, r, label } of drawn.shapes) {
      const shape = part("path", { d: mark.path, transform: `translate(${round({ x, y })}) scale(${(r / 8).toFixed(3)})`,
        fill: mark.hollow ? "#ffffff" : mark.colour, stroke: mark.colour, "stroke-width": mark.hollow ? 2.5 : 1 });
      shape.append(part("title", {}, label));
      root.append(shape);
    }
    for (const { line, font, colour, x, y } of drawn.names) {
      const [weight, size] = font.split(" ");
      root.append(part("text", { x: Math.round(x), y: Math.round(y), fill: colour, "font-weight": weight, "font-size": size,
        "text-anchor": "middle", "dominant-baseline": "central", stroke: "#ffffff", "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke" }, line));
    }
    for (const { text, x, y, size, weight } of drawn.texts) {
      root.append(part("text", { x, y, fill: INK, "font-weight": weight, "font-size": `${size}px` }, text));
    }
    return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
  }

  function painted(drawn) {
    // Twice the size, for print; less where a browser would refuse so large a canvas.
    const scale = Math.min(2, 8000 / Math.max(drawn.wide, drawn.high));
    const canvas = Object.assign(document.createElement("canvas"), { width: drawn.wide * scale, height: drawn.high * scale });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.scale(scale, scale);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, drawn.wide, drawn.high);
    for (const { d, colour, width, dashes, fill } of drawn.lines) {
      const path = new Path2D(d);
      Object.assign(context, { fillStyle: colour, strokeStyle: colour, lineWidth: width });
      context.setLineDash(dashes || []);
      if (fill) context.fill(path); else context.stroke(path);
    }
    context.setLineDash([]);
    for (const { mark, ...shape } of drawn.shapes) stamp(context, mark, shape);
    write(context, drawn.names);
    context.textBaseline = "alphabetic";
    context.fillStyle = INK;
    for (const { text, x, y, size, weight } of drawn.texts) {
      context.font = `${weight} ${size}px ${FACE}`;
      context.fillText(text, x, y);
    }
    return canvas;
  }
  const png = (drawn) => new Promise((done) => { painted(drawn).toBlob(done, "image/png"); });

  return { bent, fan, framed, head, middle, names, painted, png, stamp, svg, write };
})();
