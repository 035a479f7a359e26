# Betimes. `make` builds, `make demo` shows it at work, `make test` runs every test.
# `make help` lists the rest.
#
# Variables to give on the command line:
#   BUILD=DIR            where the results go (build)
#   SANITIZE=1           with AddressSanitizer and UBSan, into $(BUILD)/sanitize
#   SANITIZE=thread      with ThreadSanitizer, into $(BUILD)/thread
#   ROOMS="base time"    only these rooms of the house, while working on a lower one
#   TEST="zone system/"  make test: only the tests whose names contain one of these
#   PREFIX=, DESTDIR=    make install: where to
#   BENCH="planning"     make bench: only these groups of figures (files of tests/bench)
#   V=1                  show the commands

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
TEST ?=
JOBS ?= $(shell nproc)

VERSION := 0.1.0

# What the program is linked with, and the Debian packages that bring it.
PACKAGES := libuv libcurl sqlite3 jansson icu-i18n icu-uc libcmark libsystemd libcrypto \
	libmicrohttpd libxcrypt expat
BUILD_PACKAGES := make gcc g++ pkg-config libuv1-dev libcurl4-openssl-dev libsqlite3-dev \
	libjansson-dev libicu-dev libcmark-dev libphonenumber-dev libsystemd-dev libssl-dev \
	libmicrohttpd-dev libcrypt-dev libexpat1-dev \
	tzdata ca-certificates
# The servers, writers and judges of the tests.
TEST_PACKAGES := libcmocka-dev python3 python3-aiosmtpd python3-icalendar \
	python3-recurring-ical-events python3-vobject kannel kannel-extras openssl sqlite3 \
	radicale python3-caldav systemd procps man-db groff-base libfaketime \
	chromium chromium-driver python3-selenium nginx-light caddy
# What judges the page's accessibility: by npm, where that is; no part of anything we ship.
AXE := axe-core@4.14.1
# Programs to measure beside, on top of the tests'.
BENCH_PACKAGES := postfix wrk
FUZZ_PACKAGES := clang libclang-rt-14-dev
LINT_PACKAGES := python3 clang-format cppcheck shellcheck man-db groff-base

# ---- flags ----------------------------------------------------------------------------------

CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
WARN := -Wall -Wextra -Wno-format-zero-length -Wshadow -Wpointer-arith -Wvla -Wno-unused-parameter
WARN_C := -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
OUT := $(BUILD)

ifdef SANITIZE
OUT := $(BUILD)/$(if $(filter thread,$(SANITIZE)),thread,sanitize)
CFLAGS := -O1 -g -fno-omit-frame-pointer
SANITIZERS := $(if $(filter thread,$(SANITIZE)),thread,address,undefined)
SEEN := $(if $(filter thread,$(SANITIZE)),$(OUT)/tests/sanitize/close.o)
HARDEN := -fsanitize=$(SANITIZERS) -fno-sanitize-recover=all -fPIE
endif

# For `make fuzz`, which calls make again with this: clang, and its fuzzer in every target.
ifdef FUZZING
OUT := $(BUILD)/fuzz
CC := clang
CXX := clang++
CFLAGS := -O1 -g -fno-omit-frame-pointer
HARDEN := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fPIE
endif

CPPFLAGS += -D_GNU_SOURCE -DBETIMES_VERSION='"$(VERSION)"' -DBETIMES_PREFIX='"$(PREFIX)"' -Iinclude -Isrc
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(WARN) $(WARN_C) $(HARDEN) $(CFLAGS) $(PKG_CFLAGS)
ALL_CXXFLAGS = -std=gnu++17 $(WARN) $(HARDEN) $(CXXFLAGS)
LIBS = $(SEEN) $(PKG_LIBS) -lphonenumber -lstdc++ -lpthread -lm
LINK = $(CXX) $(HARDEN) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro,-z,now

Q := $(if $(V),,@)
QUIET = $(V)$(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(QUIET),,@printf '  %-4s %s\n' $(1) $(2))

# ---- the program ----------------------------------------------------------------------------

# The rooms of the house, bottom to top (see ARCHITECTURE.md).
ROOMS ?= base time text ical playbook gateway plan store watch send calendar web service cli

SOURCES := $(wildcard $(ROOMS:%=src/%/*.c))
SHIMS := $(wildcard $(ROOMS:%=src/%/*.cc))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o) $(SHIMS:%.cc=$(OUT)/%.o)
LIBRARY := $(OUT)/libbetimes.a

all: $(OUT)/betimes

$(OUT)/betimes: $(OUT)/src/main.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(LIBRARY): $(OBJECTS) | $(SEEN)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OUT)/%.o: %.c | libraries
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/%.o: %.cc | libraries
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(Q)$(CXX) $(CPPFLAGS) $(ALL_CXXFLAGS) -MMD -MP -c -o $@ $<

libraries:
	@pkg-config --exists --print-errors $(PACKAGES) || \
		{ echo "Libraries are missing; 'make deps' installs them." >&2; exit 1; }

# These are embedded by the assembler, which leaves no word of it in the .d files.
$(OUT)/src/store/schema.o: $(wildcard src/store/sql/*.sql)
$(OUT)/src/web/assets.o: $(wildcard src/web/assets/*)

# The installation's folder is compiled into the few files that look for samples there: compile
# them again when it changes.
PREFIXED := $(shell grep -ls BETIMES_PREFIX $(SOURCES) src/main.c)
$(PREFIXED:%.c=$(OUT)/%.o): $(OUT)/prefix
$(OUT)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

# ---- tests ----------------------------------------------------------------------------------

UNIT_SOURCES := $(wildcard $(ROOMS:%=tests/unit/%/*_test.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(OUT)/%)
ORACLE_SOURCES := $(wildcard tests/oracle/*.c)
ORACLES := $(ORACLE_SOURCES:%.c=$(OUT)/%)

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) -lcmocka

$(OUT)/tests/oracle/%: $(OUT)/tests/oracle/%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

# The simulation has its own loop, gateways, alarm and watcher: linked before the library's.
SIM_SOURCES := $(wildcard tests/sim/*.c)
SIM := $(OUT)/tests/sim/sim
SEED ?= 1
RUNS ?= 100
DAYS ?= 40

$(SIM): $(SIM_SOURCES:%.c=$(OUT)/%.o) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ \
		-Wl,--wrap=clock_is_virtual,--wrap=thread_start,--wrap=work_reconcile,--wrap=phone_e164 $(LIBS)

sim: $(SIM) ## simulated businesses: SEED=first RUNS=how many DAYS=of each JOBS=at a time
	@$(SIM) --seed $(SEED) --runs $(RUNS) --days $(DAYS) --jobs $(JOBS)

# The program that can be killed at its points (base/fault.h): their files are compiled once more,
# and linked before the library's.
FAULT_SOURCES := src/main.c tests/faults/fault.c $(shell grep -ls base/fault.h $(SOURCES))
FAULT_OBJECTS := $(FAULT_SOURCES:%.c=$(OUT)/faults/%.o)
FAULTY := $(OUT)/faults/betimes

$(OUT)/faults/%.o: %.c | libraries
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) -DBETIMES_FAULTS $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(FAULTY): $(FAULT_OBJECTS) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

crash: deps-test ## kill it again and again, at random and at every point: RUNS=how many SEED=
	+@$(MAKE) --no-print-directory $(PARALLEL) all $(FAULTY)
	@BETIMES=$(abspath $(OUT)/betimes) tests/system/crash --runs $(RUNS) --seed $(SEED)
	@BETIMES=$(abspath $(OUT)/betimes) BETIMES_LOCKED_S=90 tests/system/harness/tap.py \
		tests/system/test_io.py Others

MINUTES ?= 60
RATE ?= 50

soak: deps-test all ## steady load for long: memory and descriptors, MINUTES= RATE=messages a second
	@BETIMES=$(abspath $(OUT)/betimes) BETIMES_SHARE=$(CURDIR) tests/system/soak \
		--minutes $(MINUTES) --rate $(RATE) --seed $(SEED)

# Programs that the benches need beside the service.
BENCH ?=
BENCH_SOURCES := $(wildcard tests/bench/*.c)
BENCHES := $(BENCH_SOURCES:%.c=$(OUT)/%)

$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

bench: deps-bench ## measure and print figures, see tests/bench/README.md: BENCH=groups
	+@$(MAKE) --no-print-directory $(PARALLEL) all $(BENCHES)
	@tests/bench/bench --build $(OUT) $(BENCH)

# Fuzz targets: with a plain driver for `make test`, with clang's fuzzer for `make fuzz`.
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.c)
FUZZERS := $(FUZZ_SOURCES:%.c=$(OUT)/%)
FUZZ_DRIVER := $(if $(FUZZING),,$(OUT)/tests/fuzz/replay.o)
TIME ?= 20

$(OUT)/tests/fuzz/%_fuzz: $(OUT)/tests/fuzz/%_fuzz.o $(FUZZ_DRIVER) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(if $(FUZZING),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

fuzz: deps-fuzz ## look for inputs that break the readers: TIME=seconds for each, TEST=targets
	+@$(MAKE) --no-print-directory $(PARALLEL) FUZZING=1 fuzzers
	@tests/fuzz/run $(abspath $(BUILD))/fuzz $(TIME) $(TEST)

fuzzers: $(FUZZERS)

# What the tests chosen by TEST are made of: of those that are programs, these; and the one that can
# be killed, for any of the system tests.
SYSTEM_TESTS := $(wildcard tests/system/test_*.py)
chosen = $(if $(strip $(TEST)),$(foreach t,$1,$(if $(strip $(foreach word,$(TEST), \
	$(findstring $(word),$(t:$(OUT)/%=%)))),$(t))),$1)
test-programs: all $(call chosen,$(UNIT_TESTS) $(ORACLES) $(SIM) $(FUZZERS)) \
	$(if $(call chosen,$(SYSTEM_TESTS)),$(FAULTY))

unit: $(UNIT_TESTS) ## run the unit tests alone, of the rooms in ROOMS
	@for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

test: deps-test ## install what the tests need, build, run every test
	+@$(MAKE) --no-print-directory $(PARALLEL) test-programs
	@tests/run --build $(OUT) --jobs $(JOBS) $(if $(SANITIZE),--sanitize) $(TEST)

lint: deps-lint ## check the walls of the house, the layout, and what cppcheck sees
	@tests/lint/lint --build $(BUILD) --jobs $(JOBS)

format: ## lay out the C and C++ files
	@find include src tests -name '*.[ch]' -o -name '*.cc' | xargs clang-format -i

# ---- packages -------------------------------------------------------------------------------

deps: ## install the packages that the build needs (apt)
	@tools/apt-install $(BUILD_PACKAGES)

deps-test:
	@tools/apt-install $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@tools/npm-install $(BUILD) $(AXE)

deps-bench:
	@tools/apt-install $(BUILD_PACKAGES) $(TEST_PACKAGES) $(BENCH_PACKAGES)

deps-fuzz:
	@tools/apt-install $(BUILD_PACKAGES) $(FUZZ_PACKAGES)

deps-lint:
	@tools/apt-install $(BUILD_PACKAGES) $(LINT_PACKAGES)

# ---- to show and to install -----------------------------------------------------------------

demo: deps ## a week of a garage's messages in a minute
	+@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(OUT)/betimes demo

SHARE = $(DESTDIR)$(PREFIX)/share/betimes
UNITS = $(DESTDIR)$(PREFIX)/lib
MAN = $(DESTDIR)$(PREFIX)/share/man
MAN_PAGES := $(notdir $(wildcard doc/*.[1-9]))
INSTALL ?= install

install: all ## install into DESTDIR PREFIX (/usr/local)
	$(Q)$(INSTALL) -D -m 755 $(OUT)/betimes $(DESTDIR)$(PREFIX)/bin/betimes
	$(Q)find conf templates -type f -exec $(INSTALL) -D -m 644 '{}' '$(SHARE)/{}' ';'
	$(Q)for page in $(MAN_PAGES); do $(INSTALL) -D -m 644 doc/$$page \
		$(MAN)/man$${page##*.}/$$page || exit 1; done
	$(Q)$(INSTALL) -D -m 644 systemd/sysusers.conf $(UNITS)/sysusers.d/betimes.conf
	$(Q)$(INSTALL) -D -m 644 systemd/tmpfiles.conf $(UNITS)/tmpfiles.d/betimes.conf
	$(Q)mkdir -p $(UNITS)/systemd/system
	$(Q)sed 's|@PREFIX@|$(PREFIX)|g' systemd/betimes.service.in \
		>$(UNITS)/systemd/system/betimes.service
	$(Q)chmod 644 $(UNITS)/systemd/system/betimes.service

uninstall: ## remove what install put there; /etc/betimes and /var/lib/betimes stay
	$(Q)rm -f $(DESTDIR)$(PREFIX)/bin/betimes
	$(Q)for page in $(MAN_PAGES); do rm -f $(MAN)/man$${page##*.}/$$page; done
	$(Q)rm -f $(UNITS)/sysusers.d/betimes.conf $(UNITS)/tmpfiles.d/betimes.conf
	$(Q)rm -f $(UNITS)/systemd/system/betimes.service
	$(Q)rm -rf $(SHARE)

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@echo "make                 build $(OUT)/betimes"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf 'make %-15s %s\n' "$$name" "$$text"; done
	@sed -n '/^# Variables/,/^$$/s/^# \{0,1\}//p' Makefile

# For the makes within make: all cores, unless somebody above has already said how many.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

FORCE:
.PHONY: all libraries test-programs unit sim crash soak bench fuzz fuzzers test lint format deps deps-test \
	deps-bench deps-fuzz \
	deps-lint demo install \
	uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d) $(UNIT_SOURCES:%.c=$(OUT)/%.d) $(ORACLES:%=%.d) \
	$(SIM_SOURCES:%.c=$(OUT)/%.d) $(FAULT_OBJECTS:.o=.d) $(BENCHES:%=%.d) $(FUZZERS:%=%.d) $(OUT)/tests/fuzz/replay.d $(OUT)/src/main.d
