// What of CodeMirror the page of SPARQL uses, as one script with the name `CodeMirror`.
export { minimalSetup, EditorView } from "codemirror";
export { autocompletion, closeBrackets, ifNotIn } from "@codemirror/autocomplete";
export { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
export { keymap, lineNumbers } from "@codemirror/view";
export { tags } from "@lezer/highlight";
export { sparql } from "codemirror-lang-sparql";
