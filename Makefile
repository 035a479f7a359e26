# Betimes. `make` builds, `make demo` shows it at work, `make test` runs every test.
# `make help` lists the rest.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

VERSION := 0.1.0
PACKAGES := libuv libcurl sqlite3 jansson icu-i18n icu-uc libcmark libsystemd libcrypto

CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wvla -Wno-unused-parameter
WARN_C := -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE

ifdef SANITIZE
BUILD := $(BUILD)/sanitize
CFLAGS := -O1 -g -fno-omit-frame-pointer
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE
endif

# The rooms of the house, bottom to top (see ARCHITECTURE.md). A room may be left out while
# working on a lower one: make ROOMS="base time" unit
ROOMS ?= base time text ical playbook gateway plan store watch send calendar web service cli

CPPFLAGS += -D_GNU_SOURCE -DBETIMES_VERSION='"$(VERSION)"' -DBETIMES_PREFIX='"$(PREFIX)"' -Iinclude
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(WARN) $(WARN_C) $(HARDEN) $(CFLAGS) $(PKG_CFLAGS)
ALL_CXXFLAGS = -std=gnu++17 $(WARN) $(HARDEN) $(CXXFLAGS)
LIBS = $(PKG_LIBS) -lphonenumber -lstdc++ -lpthread -lm
LINK = $(CXX) $(HARDEN) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro,-z,now

SOURCES := $(wildcard $(ROOMS:%=src/%/*.c))
SHIMS := $(wildcard $(ROOMS:%=src/%/*.cc))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(SHIMS:%.cc=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libbetimes.a

UNIT_SOURCES := $(wildcard $(ROOMS:%=tests/unit/%/*_test.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)

all: $(BUILD)/betimes

$(BUILD)/betimes: $(BUILD)/src/main.o $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBS)

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(ALL_CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBS) -lcmocka

unit: $(UNIT_TESTS)
	@for t in $(UNIT_TESTS); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean
.SECONDARY:
-include $(OBJECTS:.o=.d) $(UNIT_SOURCES:%.c=$(BUILD)/%.d) $(BUILD)/src/main.d
