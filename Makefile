# The one door for contributors: `make` lists what there is. CI (.ci/run) runs the same checks and the same tests.

.DEFAULT_GOAL := help
.PHONY: help install check format test tables wheel gpu ci

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

gpu:  ## on a machine with a CUDA device, in 9 minutes: its tests, its speeds, and lstm-45m, to be gone on with
	pytest -n 0 tests/nn/cuda tests/nn/ragged_lstm tests/training/loop/test_cuda.py -k "cuda or graph or packed"
	python scripts/estimate_training.py lm lstm-45m lstm-148m --device cuda --dataset $(or $(DATA),stanfordnlp/imdb) \
	    --output results/gpu_estimates.json
	-timeout 400 python -m hf_lstm train --recipe lstm-45m --device cuda --dataset $(or $(DATA),stanfordnlp/imdb) \
	    --no-baseline --resume --checkpoint-minutes 1 --output-dir runs/lstm-45m

ci:  ## run what CI runs, in a fresh environment
	.ci/run
