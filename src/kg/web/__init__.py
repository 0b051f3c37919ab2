"""The served app: the pages of the site, live questions and a SPARQL endpoint."""
