# The build itself, on PGXS; the Makefile at the root runs it inside $(BUILD)
# with VPATH set to the source tree.

MODULE_big = mlpg
EXTENSION = mlpg
MLPG_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(VPATH)/mlpg.control)

SQL_ROOMS = head types fit predict trees path metrics class_metrics registry train evaluate lifecycle predictions views progress help grants
SQL_FILES := $(wildcard $(SQL_ROOMS:%=$(VPATH)/sql/%.sql))

DATA_built = mlpg--$(MLPG_VERSION).sql
DATA = $(wildcard $(VPATH)/sql/upgrade/mlpg--*--*.sql)

SOURCES := $(patsubst $(VPATH)/%,%,$(sort $(shell find $(VPATH)/src -name '*.c')))
OBJS = $(SOURCES:.c=.o)
$(shell mkdir -p $(sort $(dir $(OBJS))))

WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wshadow \
	-Wno-declaration-after-statement
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

# Strict IEEE: no contraction into fused operations, no instructions beyond the baseline.
# -isystem: the server's own headers do not pass all of our warnings.
PG_CPPFLAGS = -I$(VPATH)/src -isystem $(shell $(PG_CONFIG) --includedir-server) -DMLPG_VERSION='"$(MLPG_VERSION)"'
PG_CFLAGS = -std=gnu11 -O2 -fvisibility=hidden -ffp-contract=off -fno-math-errno -pthread -MMD -MP $(WARNINGS)
ifeq ($(MLPG_ASSERTIONS),1)
PG_CPPFLAGS += -DMLPG_ASSERTIONS
endif
SHLIB_LINK = -lm -lpthread -ldl

override with_llvm := no
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# clang does not know every flag that the server was built with
ifneq ($(findstring clang,$(CC)),)
override CFLAGS += -Wno-ignored-attributes -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-unused-command-line-argument
endif

mlpg--$(MLPG_VERSION).sql: $(SQL_FILES) $(VPATH)/tools/extension.mk
	cat $(foreach room,$(SQL_ROOMS),$(filter %/$(room).sql,$(SQL_FILES))) > $@

-include $(OBJS:.o=.d)
