// The page of SPARQL: an editor over the text area and, where the site has an engine, its answers.
"use strict";
(() => {
  const { prefixes, terms, queries } = window.kgSparql;
  const get = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const say = (text, refused = false) => {
    get("state").textContent = text;
    get("state").classList.toggle("refused", refused);
  };
  const MOST_SHOWN = 1000; // rows or lines; the downloads hold all

  // ---- the editor: it stands in a shadow root, where its styles need no leave of the page's policy
  const KEYWORDS = "SELECT DISTINCT WHERE FILTER OPTIONAL UNION MINUS BIND VALUES PREFIX GROUP ORDER BY HAVING LIMIT OFFSET COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT EXISTS NOT ASK CONSTRUCT DESCRIBE COALESCE BOUND CONTAINS LCASE REGEX STR LANG".split(" ");
  const { EditorView, autocompletion, ifNotIn, keymap, tags } = CodeMirror;

  // Write a name, and the PREFIX line that it wants where there is none yet.
  const writeName = (name) => (view, _, from, to) => {
    const prefix = name.split(":")[0];
    const text = view.state.doc.toString();
    const declared = new RegExp(`\\bPREFIX\\s+${prefix}:`, "i").test(text);
    const line = declared ? "" : `PREFIX ${prefix}: <${prefixes[prefix]}>\n`;
    view.dispatch({
      changes: [{ from: /^(#.*\n)*/.exec(text)[0].length, insert: line }, { from, to, insert: name }],
      selection: { anchor: from + line.length + name.length },
    });
  };
  // A name is found by what it is called, too; our own classes and properties come first.
  const offers = [
    ...terms.map(([name, label]) => ({
      label: label ? `${name} ${label}` : name,
      displayLabel: name,
      detail: label,
      apply: writeName(name),
      boost: name.startsWith("kg:") ? 2 : 0,
    })),
    ...KEYWORDS.map((label) => ({ label, boost: 1 })),
  ];
  const offer = (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const word = context.matchBefore(/[\w:-]+/);
    if ((!word && !context.explicit) || /^\s*(PREFIX|BASE)\s/i.test(line.text)) return null;
    return { from: word ? word.from : context.pos, options: offers, validFor: /^[\w:-]*$/ };
  };
  const colours = CodeMirror.HighlightStyle.define([
    { tag: [tags.keyword, tags.bool], color: "#17384f", fontWeight: "bold" },
    { tag: [tags.url, tags.namespace, tags.typeName], color: "#14507f" },
    { tag: tags.variableName, color: "#6b3fa0" },
    { tag: tags.string, color: "#1d6b3c" },
    { tag: [tags.integer, tags.float], color: "#9c2f1b" },
    { tag: tags.comment, color: "#50606b", fontStyle: "italic" },
  ]);
  const look = EditorView.theme({
    "&": { border: "2px solid #0b0c0c", backgroundColor: "#fff", fontSize: "1rem" },
    "&.cm-focused": { outline: "3px solid #b45309", outlineOffset: "2px" },
    ".cm-scroller": { minHeight: "14rem", maxHeight: "32rem", overflow: "auto", lineHeight: "1.5", fontFamily: "ui-monospace, Consolas, 'DejaVu Sans Mono', monospace" },
    ".cm-gutters": { backgroundColor: "#f4f6f7", color: "#50606b" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { maxHeight: "none", fontFamily: "system-ui, 'DejaVu Sans', Arial, sans-serif", maxWidth: "min(36rem, 90vw)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".3rem .5rem" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "#17384f", color: "#fff" },
    ".cm-completionDetail": { fontStyle: "normal", opacity: ".85" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "bold" },
    "@media print": { ".cm-scroller": { maxHeight: "none" } },
  });

  // What is seen is what is run, sent and kept: the text of the editor or, without one, of the area.
  const area = get("query");
  const host = make("div", { className: "editor" });
  let editor = null;
  let later;
  const written = () => (editor ? editor.state.doc.toString() : area.value);
  function write(text) {
    if (editor) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    else area.value = text;
  }
  const focus = () => (editor || area).focus();

  // The editor reads brackets within brackets until the browser gives up; a text area does not.
  function orPlain(change, text) {
    try {
      change();
    } catch {
      becomePlain(text());
    }
  }
  function becomePlain(text) {
    const focused = editor?.hasFocus;
    editor?.destroy();
    editor = null;
    host.remove();
    area.style.display = "";
    area.value = text;
    area.setAttribute("aria-describedby", "keys");
    area.addEventListener("input", keep);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
    });
    if (focused) area.focus();
    get("keys").textContent = "The editor that offers names cannot take this query, most likely since it is nested too deep. So it stands here as plain text, and is run as you see it. Once it is simpler, load the page again to have the editor back.";
    say("The query is too much for the editor. It now stands as plain text, whole.");
    keep();
  }

  area.after(host);
  area.style.display = "none";
  const root = host.attachShadow({ mode: "open" });
  const begin = (doc) => new EditorView({
    doc,
    root,
    parent: root,
    dispatchTransactions: (all, view) => orPlain(() => view.update(all), () => all.at(-1).newDoc.toString()),
    extensions: [
      // What fails while it draws leaves the text whole; it is told in the midst of an update.
      EditorView.exceptionSink.of(() => queueMicrotask(() => editor && becomePlain(written()))),
      keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }]),
      CodeMirror.minimalSetup,
      CodeMirror.lineNumbers(),
      CodeMirror.bracketMatching(),
      CodeMirror.closeBrackets(),
      CodeMirror.sparql(),
      CodeMirror.syntaxHighlighting(colours),
      autocompletion({ override: [ifNotIn(["Comment", "String", "IriRef", "Var"], offer)], icons: false, maxRenderedOptions: 8 }),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Your query, in SPARQL", tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && keep()),
      look,
    ],
  });
  // It reads a long text on while the browser is idle; of what fails then, only the window is told.
  addEventListener("error", (event) => {
    if (!editor) return;
    event.preventDefault();
    becomePlain(written());
  });
  orPlain(() => { editor = begin(area.value); }, () => area.value);
  document.querySelector("label[for=query]").addEventListener("click", focus);

  // Where a server answers, it is sent what the text area holds.
  area.form?.addEventListener("submit", () => (area.value = written()));

  // ---- what is written stands in the address, so that it can be sent and kept
  function keep() {
    clearTimeout(later); // browsers refuse to change an address at each key
    later = setTimeout(() => history.replaceState(null, "", `#query=${encodeURIComponent(written())}`), 300);
  }
  function recall(hash) {
    const text = new URLSearchParams(hash.slice(1)).get("query");
    if (text && text !== written()) write(text);
  }
  addEventListener("hashchange", ({ newURL }) => recall(new URL(newURL).hash));
  recall(location.hash);

  get("saved").append(...queries.map(([question], number) => new Option(question, number)));
  get("use").addEventListener("click", () => {
    write(queries[get("saved").value][1]);
    focus();
  });
  get("begin").hidden = !queries.length;
  get("keys").hidden = false;
  if (get("no-script")) get("no-script").hidden = true;

  // ---- the engine: fetched at the first run, from files of the site, and kept in a worker
  const scripts = new Map();
  const load = (src) => {
    if (!scripts.has(src)) {
      scripts.set(src, new Promise((onload, onerror) => document.head.append(make("script", { src, onload, onerror }))));
    }
    return scripts.get(src);
  };
  let worker = null;
  let asked = 0; // how many queries; a stopped one is not the last

  async function run() {
    if (area.form) return area.form.requestSubmit();
    if (!get("run")) return say("This copy of the site cannot run queries. Below it says where you can.");
    if (get("stop").ariaDisabled === "false") stop();
    const turn = ++asked;
    clear();
    get("stop").ariaDisabled = "false";
    if (!worker) {
      say("Starting the engine…");
      try {
        await Promise.all([load("sparql-engine.js"), load("sparql-data.js")]);
      } catch {
        return done("The engine is missing: the files sparql-engine.js and sparql-data.js belong beside this page.", true);
      }
      if (turn !== asked) return;
      worker = new Worker(URL.createObjectURL(new Blob([kgEngine.code], { type: "text/javascript" })));
      worker.postMessage({ wasm: kgEngine.wasm, graph: kgData, names: prefixes });
      worker.onmessage = ({ data }) => (data.problem ? refuse(data.problem) : tell(data));
      worker.onerror = () => refuse({ what: "the engine does not start in this browser", fix: "Run the query elsewhere: see below.", broken: true });
    }
    say("Asking…");
    worker.postMessage({ query: written() });
  }
  function stop() {
    asked++;
    worker?.terminate();
    worker = null;
  }
  function done(text, refused = false) {
    get("stop").ariaDisabled = "true";
    say(text, refused);
  }
  if (get("run")) {
    get("buttons").hidden = false;
    get("run").addEventListener("click", run);
    get("stop").addEventListener("click", () => {
      if (get("stop").ariaDisabled === "true") return;
      stop();
      done("Stopped. Change the query, or run it again.");
    });
  }

  // ---- answers
  let files = [];
  function clear() {
    files.forEach(URL.revokeObjectURL);
    files = [];
    show();
  }
  function show(...children) {
    get("answer").replaceChildren(...children);
    get("answer").hidden = !children.length;
  }
  function download(name, type, text) {
    const href = URL.createObjectURL(new Blob([text], { type }));
    files.push(href);
    return make("a", { className: "govuk-link", href, download: name }, `Download ${name}`);
  }

  function tell({ form, result, seconds }) {
    const took = `It took ${seconds < 0.01 ? "less than 0.01" : seconds.toFixed(2)} seconds.`;
    if (form === "SELECT") tellRows(result, took);
    else if (form === "ASK") tellYesOrNo(JSON.parse(result).boolean, took);
    else tellGraph(prefixed(result), took);
  }
  function tellYesOrNo(yes, took) {
    show(make("p", { className: "govuk-heading-m" }, yes ? "Yes" : "No"));
    done(`The answer is ${yes ? "yes" : "no"}. ${took}`);
  }
  function tellRows(json, took) {
    const { head: { vars }, results: { bindings } } = JSON.parse(json);
    const many = counted(bindings.length, "row");
    const cut = bindings.length > MOST_SHOWN ? `, of which the first ${MOST_SHOWN.toLocaleString("en-GB")} are shown; the downloads hold all` : "";
    done(bindings.length ? `${many}${cut}. ${took}` : `Nothing in the graph fits the query. ${took}`);
    if (!bindings.length) return;
    const heads = vars.map((name) => make("th", { scope: "col", className: "govuk-table__header" }, name));
    const rows = bindings.slice(0, MOST_SHOWN).map((row) => make("tr", {},
      ...vars.map((name) => make("td", { className: "govuk-table__cell" }, cell(row[name])))));
    show(
      make("p", { className: "govuk-body downloads" }, download("answer.csv", "text/csv", csv(vars, bindings)), " ", download("answer.json", "application/sparql-results+json", json)),
      box("rows", make("table", { className: "govuk-table" },
        make("caption", { id: "rows", className: "govuk-table__caption govuk-table__caption--m" }, cut ? `Answer: the first ${MOST_SHOWN.toLocaleString("en-GB")} rows` : "Answer"),
        make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows))),
    );
  }
  function tellGraph(turtle, took) {
    const lines = turtle.trimEnd().split("\n");
    const cut = lines.length > MOST_SHOWN ? `, of which the first ${MOST_SHOWN.toLocaleString("en-GB")} are shown; the download holds all` : "";
    done(turtle.trim() ? `A graph of ${counted(lines.length, "line")} of Turtle${cut}. ${took}` : `The graph that the query gives is empty. ${took}`);
    if (!turtle.trim()) return;
    show(
      make("p", { className: "govuk-body" }, download("answer.ttl", "text/turtle", turtle)),
      make("h2", { id: "graph", className: "govuk-heading-m" }, "Answer"),
      box("graph", make("pre", {}, lines.slice(0, MOST_SHOWN).join("\n"))),
    );
  }
  function refuse({ what, fix, line, column, engine, broken }) {
    if (broken) stop();
    const at = line ? ` (line ${line}, column ${column})` : "";
    done(`The query was not answered: ${what}${at}. ${fix}`, true);
    const parts = [];
    if (line) {
      const go = make("button", { type: "button", className: "govuk-button govuk-button--secondary" }, `Go to line ${line}, column ${column}`);
      go.addEventListener("click", () => goTo(line, column));
      parts.push(go);
    }
    if (engine) {
      parts.push(make("details", { className: "govuk-details" },
        make("summary", { className: "govuk-details__summary" }, make("span", { className: "govuk-details__summary-text" }, "What the engine says")),
        make("div", { className: "govuk-details__text" }, engine)));
    }
    show(...parts);
  }
  function goTo(line, column) {
    const lines = written().split("\n");
    const { length } = lines.slice(0, line - 1).concat("").join("\n");
    const anchor = length + [...(lines[line - 1] || "")].slice(0, column - 1).join("").length;
    if (editor) editor.dispatch({ selection: { anchor }, scrollIntoView: true });
    else area.setSelectionRange(anchor, anchor);
    focus();
  }

  // ---- terms as people read them
  const counted = (many, what) => `${many.toLocaleString("en-GB")} ${what}${many === 1 ? "" : "s"}`;
  const addresses = new Map(terms.map(([name, , address]) => [name, address]));
  const byNamespace = Object.entries(prefixes).sort(([, a], [, b]) => b.length - a.length);
  function curie(iri) {
    const [prefix, namespace] = byNamespace.find(([, each]) => iri.startsWith(each)) || ["", ""];
    const local = iri.slice(namespace.length);
    return namespace && /^\w[\w-]*$/.test(local) ? `${prefix}:${local}` : iri;
  }
  function cell(term) {
    if (!term) return "";
    if (term.type === "bnode") return `_:${term.value}`;
    if (term.type !== "uri") return typeof term.value === "string" ? term.value : JSON.stringify(term.value);
    const name = curie(term.value);
    const href = addresses.get(name);
    return href ? make("a", { className: "govuk-link", href }, name) : name;
  }
  const box = (heading, content) => {
    const element = make("div", { className: "scroll", role: "region", tabIndex: 0 }, content);
    element.setAttribute("aria-labelledby", heading);
    return element;
  };
  // The CSV of the SPARQL standard, as `kg` writes it: terms as they are, with nothing added.
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (vars, bindings) => [vars, ...bindings.map((row) => vars.map((name) => row[name]?.value ?? ""))]
    .map((row) => `${row.map(quoted).join(",")}\n`).join("");
  // The engine writes IRIs in full; strings are passed over, so that none in them is shortened.
  function prefixed(turtle) {
    const used = new Set();
    const body = turtle.replace(/"(?:[^"\\]|\\.)*"|<([^>]*)>/g, (all, iri) => {
      const name = iri === undefined ? all : curie(iri);
      if (iri === undefined || name === iri) return all;
      used.add(name.split(":")[0]);
      return name;
    });
    const head = [...used].sort().map((prefix) => `@prefix ${prefix}: <${prefixes[prefix]}> .\n`);
    return head.join("") + (head.length ? "\n" : "") + body;
  }
})();
