// What of Oxigraph the worker uses, as one script with the name `oxigraph`; the WASM is apart.
export { default as init, Store } from "oxigraph/web.js";
