"use strict";
// What is linked to what, over plain lists: no page and no state. An item is a node, or a claim,
// which is drawn as lines between nodes; `linked` gives the ids that an item leads to.
const explore = (() => {
  const MOST = 10; // paths told one by one; as many may be equally short as there are claims

  // Of each item, what it is linked to, by which edge, and how that reads from its side.
  function ends(nodes, claims, edges, backs) {
    const found = new Map([...nodes, ...claims].map(({ id }) => [id, []]));
    const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]));
    const kindOf = new Map(claims.map(({ id, kind }) => [id, kind]));
    for (const edge of edges) {
      const { from, to, link, claim } = edge;
      if (!claim) {
        found.get(from).push({ edge, other: to, says: link });
        found.get(to).push({ edge, other: from, says: backs[link] });
        continue;
      }
      for (const end of [from, to]) {
        found.get(end).push({ edge, other: claim, says: kindOf.get(claim) });
        const joined = found.get(claim);
        // It may join the same thing to several others.
        if (!joined.some(({ other }) => other === end)) joined.push({ edge, other: end, says: kinds.get(end) });
      }
    }
    return found;
  }

  // Items and all that is one step from any of them. A step leads through a claim, which is a
  // line, to all that it joins.
  function step(items, linked, isClaim) {
    const found = new Set(items);
    for (const id of items) {
      for (const other of linked(id)) {
        found.add(other);
        if (isClaim(other)) linked(other).forEach((end) => found.add(end));
      }
    }
    return found;
  }

  function within(id, steps, linked, isClaim) {
    let found = new Set([id]), before = 0;
    for (let taken = 0; taken < steps && found.size > before; taken += 1) {
      before = found.size;
      found = step(found, linked, isClaim);
    }
    return found;
  }

  // Every shortest path: the items on any of them, how many there are, and the first as lists of
  // ids; `before` has, of each item on one, those that come right before it.
  function paths(from, to, linked) {
    const reached = new Map([[from, []]]);
    let edge = [from];
    while (edge.length && !reached.has(to)) {
      const next = new Map();
      for (const id of edge) {
        for (const other of new Set(linked(id))) {
          if (!reached.has(other)) next.set(other, [...(next.get(other) || []), id]);
        }
      }
      for (const [id, by] of next) reached.set(id, by);
      edge = [...next.keys()];
    }
    if (!reached.has(to)) return { before: new Map(), many: 0, first: [] };
    const before = new Map([[to, reached.get(to)]]);
    for (const by of before.values()) for (const id of by) before.set(id, reached.get(id));
    const counted = new Map([[from, 1]]);
    // In the order in which they were reached, so that what comes before is counted before.
    for (const [id, by] of reached) {
      if (by.length) counted.set(id, by.reduce((sum, other) => sum + counted.get(other), 0));
    }
    const first = [];
    const walk = (id, rest) => {
      if (first.length >= MOST) return;
      if (id === from) first.push([from, ...rest]);
      else for (const other of before.get(id)) walk(other, [id, ...rest]);
    };
    walk(to, []);
    return { before, many: counted.get(to), first };
  }

  // The lines of a claim that a path runs along: those between what it joins there; and where it
  // joins two things only by way of a third, the lines from each to that one.
  function along(lines, items) {
    const on = (id) => items.has(id);
    const found = lines.filter(({ from, to }) => on(from) && on(to));
    const met = new Set(found.flatMap(({ from, to }) => [from, to]));
    const lone = (id) => on(id) && !met.has(id);
    found.push(...lines.filter(({ from, to }) => lone(from) || lone(to)));
    return found.length ? found : lines;
  }

  // The item that is nearest to a place in a direction, of pairs of an id and a place.
  function towards(places, from, x, y) {
    let best = null, least = Infinity;
    for (const [id, place] of places) {
      const along = (place.x - from.x) * x + (place.y - from.y) * y;
      const aside = Math.abs((place.x - from.x) * y) + Math.abs((place.y - from.y) * x);
      if (along <= 0 || aside > 2 * along) continue;
      if (along + 2 * aside < least) [best, least] = [id, along + 2 * aside];
    }
    return best;
  }

  return { along, ends, paths, towards, within };
})();
