// What of sigma and graphology the page of a large network uses, as one script with the name `sigma`.
export { default as Sigma } from "sigma";
export { EdgeLineProgram, NodeProgram } from "sigma/rendering";
export { default as Graph } from "graphology";
