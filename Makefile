# The one door for contributors: `make` lists what there is. CI (.ci/run) runs the same checks and the same tests.

.DEFAULT_GOAL := help
.PHONY: help install check format test tables wheel ci

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 16

install:  ## install this checkout with all that checks and tests need
	pip install -e ".[test]"

check:  ## lint, format and type checks, which change nothing
	.ci/check

format:  ## format the code, and mend what the linter can
	ruff check --fix .
	ruff format .

test:  ## run all tests, or some: make test TESTS=tests/cli
	pytest $(TESTS)

tables:  ## write the computed tables from results/ and the modules' docstrings
	python scripts/update_tables.py

wheel:  ## build dist/*.whl
	python -m build --wheel

ci:  ## run what CI runs, in a fresh environment
	.ci/run
