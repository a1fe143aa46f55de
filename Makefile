# mlpg: machine learning inside PostgreSQL
#
#   make            build into build/ (BUILD=DIR for another place)
#   make help       the other targets
#
# The compiling and installing is PGXS's, run out of tree by tools/extension.mk:
# nothing is ever written beside the sources.

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
BUILD ?= build
override BUILD := $(abspath $(BUILD))

export PG_CONFIG BUILD

EXTENSION_MAKE = $(MAKE) --no-print-directory -C $(BUILD) -f $(CURDIR)/tools/extension.mk VPATH=$(CURDIR)

.PHONY: all install uninstall stage demo demo-stop test unit bench clean help

all: | $(BUILD)
	+@$(EXTENSION_MAKE) all

install: | $(BUILD)
	+@$(EXTENSION_MAKE) install

uninstall: | $(BUILD)
	+@$(EXTENSION_MAKE) uninstall

# installed under a folder of ours, for throw-away clusters: nothing system-wide, no root
stage: | $(BUILD)
	+@$(EXTENSION_MAKE) all
	@rm -rf $(BUILD)/stage
	+@$(EXTENSION_MAKE) -s install DESTDIR=$(BUILD)/stage

$(BUILD):
	@mkdir -p $@

demo:
	@demo/run.sh

demo-stop:
	@demo/stop.sh

test:
	@test/run.sh

unit:
	@ONLY=unit test/run.sh

bench:
	@bench/run.sh

clean:
	rm -rf $(BUILD)

help:
	@echo 'make            build the extension into $(BUILD)'
	@echo 'make install    install it into the PostgreSQL of $(PG_CONFIG)'
	@echo 'make demo       from a sales table to next week'"'"'s orders, in a throw-away cluster'
	@echo 'make demo-stop  end the demo and remove its cluster'
	@echo 'make test       everything, in throw-away clusters; ends with "N passed, N failed"'
	@echo '                ONLY=lint|unit|fuzz|regress|pgtap|isolation|tap runs one class'
	@echo 'make unit       the unit tests of src/core alone'
	@echo 'make bench      comparisons; minutes to hours'
	@echo 'make stage      install under $(BUILD)/stage'
	@echo 'make clean      remove $(BUILD)'
	@echo 'Variables: PG_CONFIG, BUILD, CC, WERROR=1 (warnings are errors), MLPG_ASSERTIONS=1, COPT'
