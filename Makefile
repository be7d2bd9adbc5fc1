# The targets of this repository. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-variants test-robust fuzz test-real test-containers test-apptainer test-slurm test-resume test-browser test-documents docs builtin-models reproduce bench bench-quick pictures lint format lock images sbom audit clean

version := $(shell awk -F "'" '/^    version = / {print $$2}' nextflow.config)

python := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export NXF_ANSI_LOG ?= false

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install missing system packages, Python packages and Nextflow
	@tools/setup

demo: setup demo/panel/samplesheet.csv ## run the whole pipeline on simulated data and print the path of the report
	@echo "demo: running the pipeline (3 classes, 2 simulated cell types)"
	@cd demo && ../tools/nextflow run ../main.nf -profile test --outdir results -resume
	@echo "demo: open $(CURDIR)/demo/results/report.html"

demo/panel/samplesheet.csv:
	@echo "demo: simulating a panel of 2 cell types and 12 marks"
	@bin/simulate_panel.py --outdir demo/panel --samples A,B --replicates 1,H3K4me3=2 --control --nascent stranded --threads 2

test: setup ## run the tests that need only this folder
	@$(python) -m pytest -n 2 tests/unit tests/cli tests/oracle -m "not real_data" -q
	@$(python) -m pytest tests/pipeline --ignore tests/pipeline/test_parameters.py -m "not variants"

test-fast: setup ## run only the tests of the library and its scripts
	@$(python) -m pytest -n 2 tests/unit tests/cli -m "not real_data" -q

test-variants: setup ## run the pipeline variants that `make test` skips: 2 and 5 classes, every network, forests, options
	@$(python) -m pytest tests/pipeline -m variants

test-robust: setup ## test scripts and input checks with the catalogue of bad inputs and with random and damaged files
	@$(python) -m pytest -n 2 --dist loadfile tests/bad_inputs tests/fuzz $(addprefix tests/pipeline/test_,parameters.py folders.py failed_tasks.py) -q

fuzz: setup ## try new examples of all properties, then thousands of random and damaged BAM files (minutes): ARGS="--files 10000 --damaged 5000 --seed 1 --jobs 2 --write"
	@env -u CI $(python) -m pytest -n 2 -q -m "hypothesis and not real_data"
	@PYTHONPATH=bin:tests $(python) tests/fuzz/long.py $(ARGS)

test-real: setup ## run the tests on real ENCODE data (DRF_SHARED_DATA: its folder)
	@$(python) -m pytest -m real_data

test-containers: setup ## build the images and run in them (needs root or a Docker engine)
	@$(python) -m pytest tests/profiles tests/containers --ignore tests/containers/test_apptainer.py

test-apptainer: setup ## run in Apptainer, in an image converted from Docker's (needs root)
	@$(python) -m pytest tests/containers/test_apptainer.py

test-browser: setup ## open the report in headless Chromium (DRF_SCREENSHOTS: a folder for screenshots)
	@tools/browser
	@$(python) -m pytest tests/browser

test-slurm: setup ## run on a one-node SLURM cluster, with cancelled and lost jobs (needs root)
	@$(python) -m pytest tests/slurm

test-resume: setup ## change inputs and code, kill runs at random moments, and resume
	@$(python) -m pytest tests/resume

test-documents: setup ## run every command of README.md and docs/, including SLURM and Docker (needs root; up to two hours)
	@$(python) -m pytest tests/documented

docs: ## build the documents, with a reference of the library, as a searchable site (site/index.html)
	@tools/setup docs
	@NO_MKDOCS_2_WARNING=1 .tools/docs/bin/mkdocs build --strict > .tools/docs.log 2>&1 || { grep -v '^INFO' .tools/docs.log; exit 1; }
	@echo "docs: open $(CURDIR)/site/index.html"

builtin-models: setup ## make the model in the box again, from peak lists of ENCODE (an hour; FOLDER, default builtin; DRF_SHARED_DATA)
	@tools/accuracy/builtin $(or $(FOLDER),builtin)

reproduce: setup ## repeat a finished run and compare every data file: RESULTS=folder [ARGS="-profile docker"]
	@tools/reproduce $(or $(RESULTS),$(error name the results folder: make reproduce RESULTS=demo/results)) $(ARGS)

bench: setup ## compare speed with other programs and write the tables of docs/benchmarks.md (quiet machine, about an hour; SECTIONS="counting growth" selects sections)
	@tools/bench/setup
	@$(python) tools/bench/bench.py $(SECTIONS) --write $(ARGS)

bench-quick: setup ## compare the speed of counting with featureCounts and samtools (a few minutes)
	@tools/bench/setup
	@$(python) tools/bench/bench.py --quick --rounds 1 $(ARGS)

pictures: demo ## redraw the pictures of README.md and docs/output.md from the demo (needs Chromium)
	@tools/browser
	@cd demo && ../tools/nextflow run ../main.nf -profile test --outdir pictures --models cnn,drf,chromhmm --depths 0.5,0.25,0.125 -resume
	@$(python) tools/pictures.py demo/pictures docs/images/output
	@$(python) tools/browser_view.py demo/pictures demo/panel docs/images/result.svg

lint: setup ## check style and types
	@ruff check . && ruff format --check . && mypy
	@tools/nextflow lint main.nf nextflow.config conf functions modules subworkflows > .nextflow.lint.log || { cat .nextflow.lint.log; exit 1; }

format: setup ## format the Python code
	@ruff check --fix . ; ruff format .

lock: ## update the lock files from pyproject.toml, and conf/environment.yml from them (needs uv)
	@uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes -q --no-header -o docker/requirements.lock
	@uv pip compile pyproject.toml --extra test -c docker/requirements.lock --universal --python-version 3.11 --generate-hashes -q --no-header -o tests/requirements.lock
	@uv pip compile --group docs --universal --python-version 3.11 --generate-hashes -q --no-header -o docs/requirements.lock
	@for name in awscli multiqc; do \
	    uv pip compile docker/$$name.in --universal --python-version 3.11 --generate-hashes -q --no-header -o docker/$$name.lock; \
	done
	@tools/supply_chain lock
	@tools/conda_environment.py > conf/environment.yml

base = $(or $(BASE),debian:bookworm-slim)
# BASE, TORCH_INDEX with TORCH_SHA256 (cpu only), AWSCLI and MULTIQC are what docs/containers.md says, from the environment or as `make images AWSCLI=...`.
images: ## build the container images of -profile docker (needs a Docker engine)
	@docker image inspect '$(base)' >/dev/null 2>&1 || docker pull -q '$(base)'
	@digest=$$(docker image inspect --format '{{if .RepoDigests}}{{index .RepoDigests 0}}{{else}}{{.Id}}{{end}}' '$(base)'); \
	for target in cpu cuda; do \
	    index=''; [ $$target = cuda ] || index='$(TORCH_INDEX)'; \
	    docker build --network=host --target $$target --build-arg VERSION=$(version) \
	        --build-arg BASE='$(base)' --build-arg BASE_DIGEST="$${digest##*@}" \
	        --build-arg TORCH_INDEX="$$index" --build-arg TORCH_SHA256='$(TORCH_SHA256)' --build-arg AWSCLI='$(AWSCLI)' --build-arg MULTIQC='$(MULTIQC)' -t deepregfinder-nf:$(version)-$$target docker; \
	done

sbom: ## write the contents of the images as CycloneDX files in sbom/ (after `make images`)
	@tools/supply_chain sbom sbom deepregfinder-nf:$(version)-cpu deepregfinder-nf:$(version)-cuda

audit: ## check the Python packages of the lock file for known vulnerabilities
	@tools/supply_chain audit

clean: ## remove the demo, work folders and caches of this folder
	@rm -rf demo site sbom .bench work results .nextflow .nextflow.log* .pytest_cache .mypy_cache .ruff_cache .hypothesis
