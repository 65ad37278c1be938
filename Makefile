# Two commands set everything up on a machine with python3 (3.11 or later), make and PyPI:
#   make demo   the main job on the sample, with no key
#   make test   every check
# Both work again without reinstalling, and in any folder. Neither needs root.
.POSIX:
.PHONY: demo test test-trainers test-scorer lint types package ui docs bench clean help

PYTHON = python3
PY = .venv/bin/python

help:
	@sed -n '2,5s/^# *//p' Makefile

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old: 3.11 or later is needed"; echo "hint: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv .venv
	touch .venv/made

.venv/installed: .venv/made pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	touch .venv/installed

.venv/installed-dev: .venv/made pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch .venv/installed-dev .venv/installed

demo: .venv/installed
	@$(PY) -m augment demo

ui: .venv/installed
	$(PY) -m streamlit run ui/app.py

lint: .venv/installed-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: .venv/installed-dev
	$(PY) -m mypy

# The wheel alone, away from the checkout: nothing it needs may have been left out of it.
package: .venv/installed-dev
	rm -rf build/wheel
	$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --target build/wheel/site build/wheel/*.whl
	cd build/wheel && PYTHONPATH=site ../../$(PY) -P -c "import pathlib, ui.app; from augment.workbench._uploads import sample; p = sample('problems.jsonl'); assert pathlib.Path.cwd() in p.resolve().parents, p"
	cd build/wheel && PYTHONPATH=site ../../$(PY) -P -m augment --help > help.txt && grep -q backtranslate help.txt

test: lint types package
	$(PY) -m pytest -n 2 -p tests.skipped

# LLaMA-Factory and ms-swift read every export with their own code (docs/how-to/trainers.md). Their pins clash with ours
# and with each other, so each has a folder of its own; the first time takes minutes and 3 GB.
.trainers/%/installed: tests/trainers/%.txt
	mkdir -p .trainers
	$(PYTHON) -m venv .trainers/$*
	.trainers/$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/trainers/$*.txt
	.trainers/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps "$$(sed -n 's/^# alone: //p' tests/trainers/$*.txt)"
	touch $@

test-trainers: .venv/installed-dev .trainers/llamafactory/installed .trainers/ms-swift/installed
	$(PY) -m pytest --timeout 3600 tests/trainers/check_*.py

# A tiny model trained, reloaded and asked for real; about 1 GB of packages the first time (docs/how-to/scorer.md).
.train/installed: pyproject.toml
	$(PYTHON) -m venv .train
	.train/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,train]'
	touch $@

test-scorer: .train/installed
	.train/bin/python -m pytest tests/scorer -n 2

docs: .venv/installed-dev
	$(PY) -m docs.generate

# BENCH: --quick, --only NAME, --million … (bench/README.md)
bench: .venv/installed
	@$(PY) -m bench.run $(BENCH)

clean:
	rm -rf .venv .demo .trainers .train build dist .mypy_cache .ruff_cache .pytest_cache
