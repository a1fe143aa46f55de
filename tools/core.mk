# The core as a plain library, with the unit tests and fuzzers that link it.
# Run by test/run.sh inside a folder of its own, with SRC (the source tree), CC
# and SANITIZE; targets: unit, fuzz.

MODULES := $(patsubst $(SRC)/src/%.c,%,$(sort $(shell find $(SRC)/src/core -name '*.c')))
OBJECTS = $(MODULES:%=%.o)
UNIT := $(patsubst $(SRC)/test/unit/%.c,%,$(sort $(wildcard $(SRC)/test/unit/test_*.c)))
FUZZ := $(patsubst $(SRC)/test/fuzz/%.c,%,$(sort $(wildcard $(SRC)/test/fuzz/fuzz_*.c)))
$(shell mkdir -p $(sort $(dir $(OBJECTS))))

WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wshadow -Werror
CFLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -ffp-contract=off -fno-math-errno -pthread -MMD -MP \
	-DMLPG_ASSERTIONS -I$(SRC)/src -I$(SRC)/test/unit $(WARNINGS) $(SANITIZE)
# tests use setjmp with locals that need not survive it
TEST_CFLAGS = $(CFLAGS) $(if $(findstring clang,$(CC)),,-Wno-clobbered)

.PHONY: unit fuzz
unit: $(UNIT)
fuzz: $(FUZZ)

core/%.o: $(SRC)/src/core/%.c
	$(CC) $(CFLAGS) -c -o $@ $<

libmlpg_core.a: $(OBJECTS)
	rm -f $@
	ar rcs $@ $(OBJECTS)

harness.o: $(SRC)/test/unit/harness.c
	$(CC) $(TEST_CFLAGS) -c -o $@ $<

test_%.o: $(SRC)/test/unit/test_%.c
	$(CC) $(TEST_CFLAGS) -c -o $@ $<

test_%: test_%.o harness.o libmlpg_core.a
	$(CC) $(CFLAGS) -o $@ $< harness.o libmlpg_core.a -lm -ldl

fuzz_%: $(SRC)/test/fuzz/fuzz_%.c harness.o libmlpg_core.a
	$(CC) $(TEST_CFLAGS) -Wno-missing-prototypes -fsanitize=fuzzer -o $@ $< harness.o libmlpg_core.a -lm -ldl

.SECONDARY:
-include $(OBJECTS:.o=.d) harness.d $(UNIT:=.d)
