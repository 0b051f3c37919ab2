"""The offline site: pages that say what the evidence says, for people who know no RDF."""
