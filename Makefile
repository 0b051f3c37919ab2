# Two commands set everything up: `make demo` and `make test`. Plain venv and pip, versions pinned
# in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Pages open from file://, where browsers refuse ES modules: a bundle is one classic script.
BUNDLED := --bundle --minify --format=iife --legal-comments=none --log-level=warning
VIEWS := $(notdir $(basename $(sort $(wildcard viz/*.toml))))

.PHONY: setup demo test test-full lint docs picture vendor bench bench-large constraints chromium virtuoso clean

setup: $(VENV)/.ready ## make the virtual environment

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable '.[fast,layout,notebook,pdf,serve,watch]'
	touch $@

demo: setup ## validate the graph, ask the lead question, build the pages
	$(BIN)/kg validate
	$(BIN)/kg query run challenge-crossing-agencies --format table
	for view in $(VIEWS); do $(BIN)/kg view build $$view --output build/$$view.html || exit 1; done
	$(BIN)/kg site build --output build/site
	@echo "Begin with build/site/index.html, or with the network in build/overview.html; the other networks are beside it."

# Two processes, each with a server and a browser of its own; what a file of tests makes is made once.
test: setup chromium lint ## everything essential
	$(BIN)/pytest -m "not full" --numprocesses 2 --dist loadfile

test-full: setup chromium virtuoso ## real servers, every page, the wheel
	$(BIN)/pytest -m full

lint: setup ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/kg fmt --check

docs: setup ## write the reference pages
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/notebook.py

picture: setup chromium ## take the picture in the README anew
	$(BIN)/python docs/picture.py

bench: setup chromium ## measured comparisons, as ratios: docs/benchmarks.md
	$(BIN)/python benchmarks/queries.py
	$(BIN)/python benchmarks/stores.py
	$(BIN)/python benchmarks/why.py
	$(BIN)/python benchmarks/servers.py
	$(BIN)/python benchmarks/start_up.py
	$(BIN)/python benchmarks/validation.py
	$(BIN)/python benchmarks/site.py
	$(BIN)/python benchmarks/drawing.py
	$(BIN)/python benchmarks/layout.py
	$(BIN)/python benchmarks/serve.py --early

bench-large: setup ## the same at ten million triples: 20 GB of memory
	$(BIN)/python benchmarks/queries.py --triples 100000 --triples 1000000 --triples 10000000
	$(BIN)/python benchmarks/stores.py --triples 10000000

constraints: ## pin the versions that are installed now
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

vendor: setup ## fetch the pinned front-end files anew and check their hashes (needs npm)
	mkdir -p build/npm && cd build/npm && npm pack vis-network@10.1.5 axe-core@4.14.1
	tar -xzOf build/npm/vis-network-10.1.5.tgz package/standalone/umd/vis-network.min.js \
	  > src/kg/static/vendor/vis-network.min.js
	tar -xzOf build/npm/axe-core-4.14.1.tgz package/axe.min.js > tests/vendor/axe.min.js
	cd build/npm && npm install --silent --no-save --ignore-scripts govuk-frontend@6.6.0 sass@1.108.2
	cd build/npm && npx sass --quiet --style=compressed --no-source-map --load-path=node_modules \
	  ../../src/kg/static/govuk.scss ../../src/kg/static/vendor/govuk.css
	rm -rf build/npm/bundle && cp -r src/kg/static/bundle build/npm/bundle
	cd build/npm/bundle && npm ci --silent --ignore-scripts
	cd build/npm/bundle && npx esbuild codemirror.mjs $(BUNDLED) --global-name=CodeMirror \
	  --banner:js='/* codemirror 6.0.2, codemirror-lang-sparql 2.1.0: see codemirror.LICENSE */' \
	  --outfile=../../../src/kg/static/vendor/codemirror.js
	cd build/npm/bundle && npx esbuild oxigraph.mjs $(BUNDLED) --global-name=oxigraph \
	  --banner:js='/* oxigraph 0.5.11: see oxigraph.LICENSE */' \
	  --outfile=../../../src/kg/static/vendor/oxigraph.js
	cd build/npm/bundle && npx esbuild sigma.mjs $(BUNDLED) --global-name=sigma \
	  --banner:js='/* sigma 3.0.3, graphology 0.26.0: see sigma.LICENSE */' \
	  --outfile=../../../src/kg/static/vendor/sigma.js
	cp build/npm/bundle/node_modules/oxigraph/web_bg.wasm src/kg/static/vendor/oxigraph.wasm
	cd build/npm/bundle/node_modules && for package in codemirror* crelt style-mod w3c-keyname \
	  @codemirror/* @lezer/* @marijn/*; do printf '%s\n\n' $$package; cat $$package/LICENSE; echo; \
	  done > ../../../../src/kg/static/vendor/codemirror.LICENSE
	cd build/npm/bundle/node_modules && for package in sigma graphology graphology-utils events; do \
	  printf '%s\n\n' $$package; cat $$package/LICENSE*; echo; \
	  done > ../../../../src/kg/static/vendor/sigma.LICENSE
	$(BIN)/pytest tests/test_views.py -k 'vendored or bundles'

# The browser tests want a Chromium. Where apt can install one (Debian, as root) this does;
# elsewhere the tests say how.
chromium:
	@command -v chromium chromium-browser google-chrome chromium-headless-shell >/dev/null \
	  || test -n "$$KG_CHROMIUM" \
	  || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
	       && apt-get -qq update \
	       && apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core; } \
	  || echo "no Chromium: install one (Debian: apt-get install chromium) for the browser tests"

# The server that the saved queries are also asked of, by the same rule.
virtuoso:
	@command -v virtuoso-t >/dev/null \
	  || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
	       && apt-get -qq update \
	       && apt-get -qq install -y --no-install-recommends virtuoso-opensource-7-bin; } \
	  || echo "no Virtuoso: install one (Debian: apt-get install virtuoso-opensource-7-bin) for its tests"

clean: ## remove what was made
	rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
