// What runs in the worker of the page of SPARQL, after the engine's own script: it takes the graph
// once, then a query at a time. Being apart, a query without end can be ended, and the page lives.
"use strict";

// Much as in kg/sparql.py and kg/gate.py, which are stricter: from here no server can be reached.
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|#[^\n]*)`,
    String.raw`(?<iri><[^<>"{}|^\x60\\\x00-\x20]*>)`,
    String.raw`(?<string>"""(?:"{0,2}(?:[^"\\]|\\.))*"""|'''(?:'{0,2}(?:[^'\\]|\\.))*'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')`,
    String.raw`(?<variable>[?$][\p{L}\p{N}_]+)`,
    String.raw`(?<name>(?:[\p{L}_][\p{L}\p{N}_.\-]*)?:(?:[\p{L}\p{N}_.:%\-]|\\.)*)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_]*)`,
    String.raw`(?<mark>.)`,
  ].join("|"),
  "gsu",
);
const FORMS = ["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"];
const OUTSIDE = {
  SERVICE: "asks another server",
  FROM: "names the data to read",
  LOAD: "loads data from an address",
};

// Why a query is not run, and how to put it right.
class Refused extends Error {
  constructor(what, fix, place = {}) {
    super(what);
    this.told = { what, fix, ...place };
  }
}

// Lines and columns count from 1, and columns count characters, as the engine has it.
function place(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: [...before.at(-1)].length + 1 };
}

// Refuse what is no plain query of this graph, and give its form, such as SELECT.
function check(text, prefixes) {
  const declared = new Set(["_"]);
  const tokens = [...text.matchAll(TOKEN)].filter(({ groups }) => groups.space === undefined);
  let form = "";
  tokens.forEach((token, number) => {
    const { word, name } = token.groups;
    const [prefix] = token[0].split(":");
    const key = prefix.toUpperCase();
    // As whole words: the engine here reaches nothing outside, whatever it reads in a longer one.
    if (word && key in OUTSIDE) {
      const what = `${key} ${OUTSIDE[key]}, and only this graph may be asked`;
      throw new Refused(what, `Take the ${key} part out.`, place(text, token.index));
    }
    if (word && key === "PREFIX") declared.add(tokens[number + 1]?.[0].split(":")[0]);
    if (word && !["PREFIX", "BASE"].includes(key)) form ||= key;
    if (name && !declared.has(prefix)) {
      const known = prefixes[prefix];
      const fix = known ? `Add the line PREFIX ${prefix}: <${known}> at the top.` : "Add its PREFIX line.";
      throw new Refused(`the prefix ${prefix}: is not declared`, fix, place(text, token.index));
    }
  });
  if (!FORMS.includes(form)) {
    const what = form ? `this is no query: it begins with ${form}` : "there is no query";
    throw new Refused(what, "Begin with SELECT, ASK, CONSTRUCT or DESCRIBE. A query can only read.");
  }
  return form;
}

// Put what the engine says into plain words. Any failure but a syntax error leaves it unusable.
function explained(error) {
  const found = /^error at (\d+):(\d+): ([^]*)/.exec(error.message);
  if (found) {
    return {
      // The engine tells a place that may be a word too late.
      what: "it is no SPARQL from about here on",
      fix: "Something is missing just before it, or does not belong there.",
      line: Number(found[1]),
      column: Number(found[2]),
      engine: found[3],
    };
  }
  return {
    what: "the engine gave up",
    fix: "Ask a smaller or less nested question.",
    engine: error.message,
    broken: true,
  };
}

let store;
let prefixes;

async function start({ wasm, graph, names }) {
  await oxigraph.init({ module_or_path: Uint8Array.from(atob(wasm), (c) => c.charCodeAt(0)) });
  store = new oxigraph.Store();
  store.load(graph, { format: "text/turtle" });
  prefixes = names;
}

function answer(query) {
  const form = check(query, prefixes);
  const begun = performance.now();
  const isGraph = form === "CONSTRUCT" || form === "DESCRIBE";
  const result = store.query(query, { results_format: isGraph ? "text/turtle" : "json" });
  return { form, result, seconds: (performance.now() - begun) / 1000 };
}

// A message that arrives while the engine starts waits for it.
let started;
self.onmessage = async ({ data }) => {
  try {
    if (data.wasm) {
      started = start(data);
    } else {
      await started;
      self.postMessage(answer(data.query));
    }
  } catch (error) {
    self.postMessage({ problem: error instanceof Refused ? error.told : explained(error) });
  }
};
