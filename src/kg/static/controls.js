"use strict";
// What every page of a network has about its picture: its key, its buttons, its keys and the wheel.
const controls = (() => {
  const get = (id) => document.getElementById(id);
  const say = (text) => { get("shown").textContent = text; };

  // What the key hides.
  const offKinds = new Set(), offLinks = new Set();
  const hidden = () => [...offKinds, ...offLinks];
  const boxes = [...document.querySelectorAll(".legend input")];
  const setOf = (box) => box.dataset.kind === undefined ? [offLinks, box.dataset.link] : [offKinds, box.dataset.kind];
  const tick = () => boxes.forEach((box) => { const [off, name] = setOf(box); box.checked = !off.has(name); });

  // Whoever asks for an item sees it, whatever the key says. Gives whether it was hidden.
  function unhide(kind) {
    const was = offKinds.delete(kind);
    if (was) tick();
    return was;
  }

  // What follows when a box of the key is changed, and when all that was hidden comes back.
  function key(changed, cleared) {
    if (matchMedia("(max-width: 45rem)").matches) document.querySelector(".legend").open = false;
    for (const box of boxes) {
      box.addEventListener("change", () => {
        const [off, name] = setOf(box);
        off[box.checked ? "delete" : "add"](name);
        changed();
      });
    }
    get("reset").addEventListener("click", () => {
      offKinds.clear();
      offLinks.clear();
      tick();
      finder.empty();
      cleared();
    });
  }

  // What each button does, by its id.
  function buttons(does) {
    for (const [id, act] of Object.entries(does)) get(id).addEventListener("click", act);
  }

  // What each key does in the picture.
  const plain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;
  function keys(does) {
    get("network").addEventListener("keydown", (event) => {
      const act = plain(event) && does[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
  }

  // The wheel scrolls the page, as everywhere else; with Ctrl it zooms the picture.
  get("network").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  }, { capture: true });

  // The picture as a file, by buttons with the names of forms. A large one takes seconds to draw.
  function saving(name, forms, any, drawn) {
    for (const form of forms) {
      get(form).addEventListener("click", async () => {
        if (!any()) {
          say("Nothing is shown, so there is no picture to save.");
          return;
        }
        say("The picture is being drawn.");
        await new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
        const file = await picture[form](drawn());
        const link = details.make("a", { href: URL.createObjectURL(file), download: `${name}.${form}` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
        say(`Saved as ${link.download}, with your downloads.`);
      });
    }
  }

  return { buttons, hidden, key, keys, offKinds, offLinks, plain, saving, say, unhide };
})();
