# vmsift: one non-recursive Makefile. `make help` lists what it does. Everything generated goes to build/.

VERSION := 0.1.0
CC ?= gcc
CLANG ?= clang
PKG_CONFIG ?= pkg-config
prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
libexecdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
libdir ?= $(prefix)/lib
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
sysconfdir ?= /etc
unitdir ?= $(prefix)/lib/systemd/system
udevdir ?= $(prefix)/lib/udev
bashcompdir ?= $(datadir)/bash-completion/completions
V ?= 0
STATIC ?= 0
B := build
comma := ,

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
BASE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -Iinclude $(WARN) \
	-DVMSIFT_VERSION='"$(VERSION)"' -MMD -MP
LIBS := -lconfuse -lelf -lzstd -llzo2 -llz4 -ldeflate -lz
# Packages; a distribution's own flags come in through CFLAGS and LDFLAGS.
CFLAGS ?= -O2 -g
LDFLAGS ?=

# What applications link (MIT) is no part of vmsift itself.
REGISTER_SRCS := src/register/register.c
LIB_SRCS := $(sort $(filter-out src/cmd/% $(REGISTER_SRCS),$(wildcard src/*/*.c)))
CMD_SRCS := $(sort $(wildcard src/cmd/*.c))
SRCS := $(LIB_SRCS) $(CMD_SRCS)
UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))

# One set of objects for each way of building: $(call variant,NAME,COMPILER,CFLAGS,LDFLAGS,LIBS)
# gives $(B)/obj/NAME/*.o, the library libvmsift.a of all layers but the commands, and vmsift.
define variant
$(B)/obj/$(1)/%.o: %.c | deps-built
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(2) $(BASE_CFLAGS) $(3) -c -o $$@ $$<

$(B)/obj/$(1)/libvmsift.a: $$(LIB_SRCS:%.c=$(B)/obj/$(1)/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

$(B)/obj/$(1)/vmsift: $$(CMD_SRCS:%.c=$(B)/obj/$(1)/%.o) $(B)/obj/$(1)/libvmsift.a
	$$(call say,LD,$$@)
	$$(Q)$(2) $(3) -o $$@ $$^ $(4) $(5)

-include $$(SRCS:%.c=$(B)/obj/$(1)/%.d)
endef

SAN := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

.PHONY: all help deps deps-built clean demo check check-all install install-vmsift install-register install-kdump uninstall deb lint bench fuzz corrupt unit dumps man
.DEFAULT_GOAL := all

ifeq ($(STATIC),1)
all: $(B)/vmsift-static
else
all: $(B)/vmsift $(B)/libvmsift-register.a $(B)/libvmsift-register.so.1
endif

# A marker for objects to depend on; making it needs nothing.
deps-built:

$(eval $(call variant,dyn,$(CC),$(CFLAGS) $(HARDEN),$(LDFLAGS) -pie -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now,$(LIBS)))
$(eval $(call variant,static,$(CC),-Os -g -ffunction-sections -fdata-sections $(HARDEN),-static-pie -Wl$(comma)--gc-sections -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now,$(LIBS)))
$(eval $(call variant,san,$(CC),$(SAN) -DVMSIFT_DAMAGE,-fsanitize=address$(comma)undefined,$(LIBS)))
# Optimised, with the damage overlay: what the tests run many times.
$(eval $(call variant,test,$(CC),-O2 -g -DVMSIFT_DAMAGE,,$(LIBS)))
# clang finds other warnings; its objects also serve the fuzzers.
$(eval $(call variant,clang,$(CLANG),-O2 -g,,$(LIBS)))
$(eval $(call variant,fuzz,$(CLANG),-O1 -g -fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=undefined -DVMSIFT_DAMAGE,-fsanitize=address$(comma)undefined,$(LIBS)))

$(B)/vmsift: $(B)/obj/dyn/vmsift
	$(Q)cp $< $@

$(B)/vmsift-static: $(B)/obj/static/vmsift
	$(call say,STRIP,$@)
	$(Q)strip -o $@ $<

# The library for applications, static and shared.
$(B)/libvmsift-register.a: $(REGISTER_SRCS) include/vmsift/register.h
	$(call say,AR,$@)
	@mkdir -p $(B)/obj/register
	$(Q)$(CC) -std=c99 -Iinclude $(WARN) $(CFLAGS) -fPIC -c -o $(B)/obj/register/register.o $<
	$(Q)rm -f $@ && ar rcs $@ $(B)/obj/register/register.o

$(B)/libvmsift-register.so.1: $(B)/libvmsift-register.a
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,libvmsift-register.so.1 -o $@ $(B)/obj/register/register.o $(LDFLAGS)

# Unit tests: one program for each tests/unit/test_*.c, under ASan and UBSan.
$(B)/unit/%: tests/unit/%.c $(B)/obj/san/libvmsift.a
	$(call say,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(SAN) -DVMSIFT_DAMAGE -Itests/unit -o $@ $< $(B)/obj/san/libvmsift.a \
		$(shell sed -n 's/^ \* LIBS: //p' $<) -lcmocka $(LIBS)
-include $(UNIT_SRCS:tests/unit/%.c=$(B)/unit/%.d)
UNITS := $(UNIT_SRCS:tests/unit/%.c=$(B)/unit/%) $(B)/unit-plain/test_codec

# Holds our BTF reader against libbpf's (and, by the script beside it, against pahole).
$(B)/oracle_btf: tests/unit/oracle_btf.c $(B)/obj/test/libvmsift.a
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_CFLAGS) -O2 -g -o $@ $< $(B)/obj/test/libvmsift.a $(LIBS) -lbpf

# What limits its own address space cannot run under ASan.
$(B)/unit-plain/%: tests/unit/%.c $(B)/obj/test/libvmsift.a
	$(call say,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -O2 -g -DVMSIFT_DAMAGE -Itests/unit -o $@ $< $(B)/obj/test/libvmsift.a \
		-lcmocka $(LIBS)

$(B)/fuzz/%: tests/fuzz/%.c $(B)/obj/fuzz/libvmsift.a
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BASE_CFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $@ $< $(B)/obj/fuzz/libvmsift.a $(LIBS)
-include $(FUZZ_SRCS:tests/fuzz/%.c=$(B)/fuzz/%.d)
FUZZERS := $(FUZZ_SRCS:tests/fuzz/%.c=$(B)/fuzz/%)

help:
	@echo 'make            build/vmsift'
	@echo 'make STATIC=1   build/vmsift-static, the one for the capture initramfs'
	@echo 'make deps       install what building and testing need (Debian packages)'
	@echo 'make demo       panic a real kernel in QEMU, capture, reboot, look at the cores with gdb'
	@echo 'make check      all tests that fit 20 minutes; one closing line'
	@echo 'make check-all  the long ones too'
	@echo 'make unit       unit tests under ASan and UBSan'
	@echo 'make fuzz       all fuzz targets, SECONDS=10 each'
	@echo 'make corrupt    N=1000 damaged dumps, every command on each; SEED=1 repeats the same'
	@echo 'make bench      time and memory against makedumpfile and crash on the same dump'
	@echo 'make dumps      make the dumps that the tests read: DUMPS="6.1-la57 ..."'
	@echo 'make lint       warnings of gcc and clang, layers, format'
	@echo 'make install    DESTDIR= prefix=/usr/local'
	@echo 'make deb        Debian packages, in build/deb'
	@echo 'V=1 shows commands.'

deps:
	@tests/bed/deps

unit: $(UNITS)
	@tests/run-unit $(UNITS)

# All CPUs for what a user waits for.
JOBS := -j$(shell nproc)

SECONDS ?= 10
fuzz: $(FUZZERS)
	@tests/run-fuzz $(SECONDS) $(FUZZERS)

# Makes calls fail, and counts what malloc gives: preloaded by the tests.
$(B)/faults/shim.so: tests/faults/shim.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) -O2 -shared -fPIC -o $@ $<

N ?= 1000
SEED ?= 1
CORRUPT_DUMPS ?= 6.1-few 6.12-few 6.1-few+raw 6.12-few+lzo 7.x 6.12-few+flat 6.1-few+zlib 6.12-zswap 6.12-few+zstd 6.1-zram
corrupt: deps $(B)/obj/test/vmsift $(B)/obj/san/vmsift $(B)/faults/shim.so
	@mkdir -p $(B)/corrupt
	@tests/bed/make-dump $(sort $(foreach d,$(CORRUPT_DUMPS),$(firstword $(subst +, ,$(d)))))
	@tests/corrupt/run -n $(N) --seed $(SEED) --keep --summary $(B)/corrupt/summary \
		$(CORRUPT_DUMPS:%=--dump %)

DUMPS ?= 6.1-la57 6.1-la48
dumps: deps
	@tests/bed/make-dump $(DUMPS)

demo: deps
	@$(MAKE) --no-print-directory $(JOBS) all STATIC=0
	@$(MAKE) --no-print-directory $(JOBS) all STATIC=1
	@tests/demo

lint: deps
	@tests/lint

check: deps
	@tests/check

check-all: deps
	@tests/check --all

bench: deps
	@$(MAKE) --no-print-directory $(JOBS) all
	@tests/bench/run

# What is installed names the places of the rest.
PLACES = sed -e 's|@sbindir@|$(sbindir)|g' -e 's|@libexecdir@|$(libexecdir)|g' -e 's|@datadir@|$(datadir)|g' \
	-e 's|@prefix@|$(prefix)|g' -e 's|@includedir@|$(includedir)|g' -e 's|@libdir@|$(libdir)|g' -e 's|@VERSION@|$(VERSION)|g'
# $(call put,MODE,FROM,TO)
put = install -d '$(DESTDIR)$(dir $(3))' && $(PLACES) $(2) >'$(DESTDIR)$(3)' && chmod $(1) '$(DESTDIR)$(3)'
UNITS_INSTALLED := vmsift-kdump.service vmsift-kdump-reload.service vmsift-kdump-report.service vmsift-kdump.path \
	vmsift-kdump-tools.service

install: install-vmsift install-kdump $(if $(filter 1,$(STATIC)),,install-register)

install-vmsift: all
	install -D -m 0755 $(B)/$(if $(filter 1,$(STATIC)),vmsift-static,vmsift) $(DESTDIR)$(sbindir)/vmsift
	install -D -m 0644 doc/vmsift.8 $(DESTDIR)$(mandir)/man8/vmsift.8
	install -D -m 0644 doc/vmsift.conf.5 $(DESTDIR)$(mandir)/man5/vmsift.conf.5
	install -D -m 0644 src/gdb/vmsift-gdb.py $(DESTDIR)$(datadir)/vmsift/vmsift-gdb.py
	install -D -m 0644 initramfs/system/bash-completion $(DESTDIR)$(bashcompdir)/vmsift

install-register: all
	install -D -m 0644 include/vmsift/register.h $(DESTDIR)$(includedir)/vmsift/register.h
	install -m 0644 include/vmsift/LICENSE.MIT $(DESTDIR)$(includedir)/vmsift/
	install -D -m 0644 $(B)/libvmsift-register.a $(DESTDIR)$(libdir)/libvmsift-register.a
	install -m 0755 $(B)/libvmsift-register.so.1 $(DESTDIR)$(libdir)/
	ln -sf libvmsift-register.so.1 $(DESTDIR)$(libdir)/libvmsift-register.so
	$(call put,0644,src/register/vmsift-register.pc.in,$(libdir)/pkgconfig/vmsift-register.pc)
# gdb loads it by itself for programs that the library is linked into.
	install -D -m 0644 src/gdb/vmsift-gdb.py \
		$(DESTDIR)$(datadir)/gdb/auto-load$(libdir)/libvmsift-register.so.1-gdb.py

# The capture initramfs takes a static vmsift only.
install-kdump: $(B)/vmsift-static
	install -d $(DESTDIR)$(libexecdir)/vmsift
	install -m 0755 initramfs/mkcapture initramfs/init initramfs/rawdump $(DESTDIR)$(libexecdir)/vmsift/
	install -d $(addprefix $(DESTDIR)$(libexecdir)/,vmsift/initramfs-tools vmsift/dracut dracut/modules.d/99vmsift)
# Not in /usr/share/initramfs-tools/hooks, which would have dpkg make all production images anew.
	install -m 0755 initramfs/initramfs-tools/hook initramfs/initramfs-tools/devices \
		$(DESTDIR)$(libexecdir)/vmsift/initramfs-tools/
	install -m 0644 initramfs/initramfs-tools/boot $(DESTDIR)$(libexecdir)/vmsift/initramfs-tools/
	install -m 0755 initramfs/dracut/devices $(DESTDIR)$(libexecdir)/vmsift/dracut/
# dracut looks for modules below /usr only; mkcapture finds it elsewhere too.
	install -m 0755 initramfs/dracut/99vmsift/*.sh $(DESTDIR)$(libexecdir)/dracut/modules.d/99vmsift/
	install -m 0644 initramfs/*.sh initramfs/vmsift-kdump-check initramfs/vmsift-kdump-dumps initramfs/vmsift-kdump-tools \
		$(DESTDIR)$(libexecdir)/vmsift/
	install -m 0755 $(B)/vmsift-static $(DESTDIR)$(libexecdir)/vmsift/vmsift-static
	$(call put,0755,initramfs/vmsift-kdump,$(sbindir)/vmsift-kdump)
	install -D -m 0644 doc/vmsift-kdump.8 $(DESTDIR)$(mandir)/man8/vmsift-kdump.8
	$(foreach unit,$(UNITS_INSTALLED),$(call put,0644,initramfs/system/$(unit),$(unitdir)/$(unit)) &&) :
	install -D -m 0644 initramfs/system/70-vmsift-kdump.rules $(DESTDIR)$(udevdir)/rules.d/70-vmsift-kdump.rules
	$(call put,0755,initramfs/system/kernel-postinst,$(sysconfdir)/kernel/postinst.d/zz-vmsift-kdump)
	$(call put,0755,initramfs/system/kernel-postrm,$(sysconfdir)/kernel/postrm.d/zz-vmsift-kdump)
	install -D -m 0644 initramfs/system/vmsift-kdump.default $(DESTDIR)$(sysconfdir)/default/vmsift-kdump
	ln -sf vmsift $(DESTDIR)$(bashcompdir)/vmsift-kdump

# /etc/default and /etc/vmsift.conf are the administrator's.
uninstall:
	rm -f $(DESTDIR)$(sbindir)/vmsift $(DESTDIR)$(sbindir)/vmsift-kdump $(DESTDIR)$(mandir)/man8/vmsift.8 \
		$(DESTDIR)$(mandir)/man5/vmsift.conf.5 $(DESTDIR)$(mandir)/man8/vmsift-kdump.8 \
		$(DESTDIR)$(bashcompdir)/vmsift $(DESTDIR)$(bashcompdir)/vmsift-kdump
	rm -rf $(DESTDIR)$(libexecdir)/dracut/modules.d/99vmsift
	rm -rf $(DESTDIR)$(libexecdir)/vmsift $(DESTDIR)$(datadir)/vmsift $(DESTDIR)$(includedir)/vmsift
	rm -f $(DESTDIR)$(libdir)/libvmsift-register.* $(DESTDIR)$(libdir)/pkgconfig/vmsift-register.pc \
		$(DESTDIR)$(datadir)/gdb/auto-load$(libdir)/libvmsift-register.so.1-gdb.py
	rm -f $(addprefix $(DESTDIR)$(unitdir)/,$(UNITS_INSTALLED)) $(DESTDIR)$(udevdir)/rules.d/70-vmsift-kdump.rules \
		$(DESTDIR)$(sysconfdir)/kernel/postinst.d/zz-vmsift-kdump $(DESTDIR)$(sysconfdir)/kernel/postrm.d/zz-vmsift-kdump

# Three Debian packages in build/deb: from a copy of the sources, because dpkg-buildpackage works in them.
deb:
	@tests/packages/make-deb

clean:
	rm -rf $(B)/obj $(B)/unit $(B)/fuzz $(B)/vmsift $(B)/vmsift-static $(B)/demo

.SECONDARY:
