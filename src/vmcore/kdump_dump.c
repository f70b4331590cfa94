/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/kdump_dump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec_page.h"
#include "util/bytes.h"
#include "vmcore/elf_dump.h"
#include "vmcore/kdump_format.h"

/* 128 TiB of 4 KiB pages: bounds the time for counting bits, and the table of ranks. */
#define BITMAP_MAX GIB(4)
#define RANKS_MAX  (1u << 17)

/* Decompressed pages that are remembered. */
#define CACHE_SIZE KIB(512)
#define CACHE_MAX  128u

#define NR_CODECS 3

struct cached_page {
	pfn_t pfn;
	uint64_t used; /* 0: empty */
};

struct kdump_dump {
	uint32_t page_size, version, status;
	unsigned int level;
	pfn_t max_mapnr;
	bool split; /* one of several files: descriptors and contents of [.start, .end) alone */
	pfn_t start, end;
	uint64_t rank_start; /* of .start */
	uint64_t off_bitmap[2]; /* RAM; in the file */
	uint64_t off_desc;
	/* Set bits of the second bitmap before each 2^.rank_shift frames. */
	unsigned int rank_shift;
	size_t nr_ranks;
	uint64_t *ranks;
	uint64_t nr_pages;
	struct page_ctx *codec[NR_CODECS];
	unsigned int nr_cached;
	uint64_t clock;
	struct cached_page slots[CACHE_MAX];
	uint8_t *pages;	     /* of the slots */
	uint8_t *compressed; /* one page */
};

bool kdump_dump_probe(const uint8_t *head, size_t size)
{
	return size >= KDUMP_SIGNATURE_SIZE && !memcmp(head, KDUMP_SIGNATURE, KDUMP_SIGNATURE_SIZE);
}

static int check_geometry(struct vmcore *vc, struct kdump_dump *kd, uint64_t sub_blocks,
			  uint64_t bitmap_blocks, struct err *err)
{
	uint64_t bs = kd->page_size, need = (kd->max_mapnr + 7) / 8;
	uint64_t one = bitmap_blocks / 2 * bs;

	if (bs < 4096 || bs > PAGE_CODEC_SIZE_MAX || !is_pow2(bs))
		return err_set(err, ERR_CORRUPT, "block size %" PRIu64, bs);
	if (!sub_blocks || sub_blocks > INT32_MAX)
		return err_set(err, ERR_CORRUPT, "sub header of %" PRIu64 " blocks", sub_blocks);
	if (!kd->max_mapnr || one < need || one > BITMAP_MAX)
		return err_set(err, ERR_CORRUPT,
			       "%" PRIu64 " page frames in two bitmaps of %" PRIu64 " blocks",
			       kd->max_mapnr, bitmap_blocks);
	kd->off_bitmap[0] = (1 + sub_blocks) * bs;
	kd->off_bitmap[1] = kd->off_bitmap[0] + one;
	kd->off_desc = kd->off_bitmap[1] + one;
	if (kd->off_desc > vc->file_size)
		return err_set(err, ERR_FORMAT, "was cut before its page descriptors");
	return 0;
}

static uint16_t machine_of(const char *uts_machine)
{
	static const struct {
		const char *name;
		uint16_t e_machine;
	} machines[] = {
		{ "x86_64", EM_X86_64 }, { "aarch64", EM_AARCH64 },	  { "ppc64le", EM_PPC64 },
		{ "riscv64", EM_RISCV }, { "loongarch64", EM_LOONGARCH },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(uts_machine, machines[i].name))
			return machines[i].e_machine;
	return EM_NONE;
}

/* The notes; of versions before 4, VMCOREINFO alone. */
static int read_notes(struct vmcore *vc, const struct kdump_dump *kd, const uint8_t *sub,
		      struct err *err)
{
	struct note vi = { .name = "VMCOREINFO" };
	struct err fault = { 0 };
	uint64_t size;
	int rc = 0;

	if (kd->version >= 4 && get_u64(sub + KSH_SIZE_NOTE))
		rc = elf_dump_notes_read(vc, get_u64(sub + KSH_OFFSET_NOTE),
					 get_u64(sub + KSH_SIZE_NOTE), &fault);
	if (rc == ERR_NOMEM)
		return err_nomem(err);
	if (rc)
		log_warn(vc->log, "%s: %s; %zu notes before it are used", vc->path, fault.text,
			 vc->notes.n);
	if (vc->notes.n)
		return 0;
	size = kd->version >= 3 ? get_u64(sub + KSH_SIZE_VMCOREINFO) : 0;
	if (!size || size > VMCOREINFO_SIZE_MAX)
		return err_set(err, ERR_FORMAT, "holds no notes and no VMCOREINFO");
	vi.desc_off = get_u64(sub + KSH_OFFSET_VMCOREINFO);
	vi.desc_size = (uint32_t)size;
	return note_vec_push(&vc->notes, vi) ? 0 : err_nomem(err);
}

/* The headers hold no addresses; that all of RAM is in the direct map is known anyway. */
static int add_load(struct vmcore *vc, const struct kdump_dump *kd, struct err *err)
{
	struct vmcore_load load = { .size = kd->max_mapnr * kd->page_size };

	return vmcore_load_vec_push(&vc->loads, load) ? 0 : err_nomem(err);
}

static int read_headers(struct vmcore *vc, struct kdump_dump *kd, struct err *err)
{
	uint8_t h[DDH_SIZE], sub[KSH_SIZE];
	char machine[DDH_UTS_FIELD];
	int rc = vmcore_read_file(vc, 0, h, sizeof(h), err);

	if (rc)
		return rc;
	kd->version = get_u32(h + DDH_VERSION);
	kd->status = get_u32(h + DDH_STATUS);
	kd->page_size = get_u32(h + DDH_BLOCK_SIZE);
	kd->max_mapnr = get_u32(h + DDH_MAX_MAPNR);
	if (kd->version < 1 || kd->version > 255)
		return err_set(err, ERR_UNSUPPORTED, "kdump-compressed version %u (big-endian?)",
			       kd->version);
	memcpy(machine, h + DDH_UTSNAME + 4 * DDH_UTS_FIELD, sizeof(machine));
	machine[sizeof(machine) - 1] = 0;
	vc->e_machine = machine_of(machine);
	rc = vmcore_read_file(vc, kd->page_size, sub, sizeof(sub), err);
	if (rc)
		return rc;
	kd->level = get_u32(sub + KSH_DUMP_LEVEL);
	if (kd->version >= 6)
		kd->max_mapnr = get_u64(sub + KSH_MAX_MAPNR);
	kd->split = kd->version >= 2 && get_u32(sub + KSH_SPLIT);
	kd->start = kd->split ? get_u64(sub + (kd->version >= 6 ? KSH_START_PFN : KSH_START_PFN_OLD)) : 0;
	kd->end = kd->split ? get_u64(sub + (kd->version >= 6 ? KSH_END_PFN : KSH_END_PFN_OLD)) : kd->max_mapnr;
	if (kd->start > kd->end || kd->start > kd->max_mapnr)
		return err_set(err, ERR_CORRUPT, "is the part 0x%" PRIx64 "-0x%" PRIx64 " of a split dump of 0x%" PRIx64 " page frames",
			       kd->start, kd->end, kd->max_mapnr);
	rc = check_geometry(vc, kd, get_u32(h + DDH_SUB_HDR_BLOCKS), get_u32(h + DDH_BITMAP_BLOCKS),
			    err);
	if (!rc)
		rc = read_notes(vc, kd, sub, err);
	return rc ? rc : add_load(vc, kd, err);
}

/* Set bits among the frames [start, end) of the second bitmap; @start is a multiple of 8. */
static int count_bits(struct vmcore *vc, const struct kdump_dump *kd, pfn_t start, pfn_t end,
		      uint64_t *ret, struct err *err)
{
	uint64_t at = start / 8, last = end / 8, n = 0;
	const uint8_t *p;
	size_t size, i;
	int rc;

	while (at < last) {
		rc = vmcore_map_file(vc, kd->off_bitmap[1] + at, last - at, (const void **)&p,
				     &size, err);
		if (rc)
			return err_add(err, "bitmap");
		for (i = 0; i + 8 <= size; i += 8)
			n += (uint64_t)__builtin_popcountll(get_u64(p + i));
		for (; i < size; i++)
			n += (uint64_t)__builtin_popcount(p[i]);
		at += size;
	}
	if (end & 7) {
		rc = vmcore_map_file(vc, kd->off_bitmap[1] + last, 1, (const void **)&p, &size,
				     err);
		if (rc)
			return err_add(err, "bitmap");
		n += (uint64_t)__builtin_popcount(p[0] & ((1u << (end & 7)) - 1));
	}
	*ret = n;
	return 0;
}

/* Set bits of the second bitmap before @pfn. */
static int find_rank(struct vmcore *vc, const struct kdump_dump *kd, pfn_t pfn, uint64_t *ret,
		     struct err *err)
{
	size_t chunk = min_u64(pfn >> kd->rank_shift, kd->nr_ranks - 1);
	uint64_t n = 0;
	int rc = count_bits(vc, kd, (pfn_t)chunk << kd->rank_shift, pfn, &n, err);

	*ret = kd->ranks[chunk] + n;
	return rc;
}

static int count_ranks(struct vmcore *vc, struct kdump_dump *kd, struct err *err)
{
	size_t i;
	int rc = 0;

	for (kd->rank_shift = 15; (kd->max_mapnr - 1) >> kd->rank_shift >= RANKS_MAX;)
		kd->rank_shift++;
	kd->nr_ranks = ((kd->max_mapnr - 1) >> kd->rank_shift) + 1;
	kd->ranks = malloc(kd->nr_ranks * sizeof(*kd->ranks));
	if (!kd->ranks)
		return err_nomem(err);
	for (i = 0; i < kd->nr_ranks && !rc; i++) {
		pfn_t start = (pfn_t)i << kd->rank_shift;
		uint64_t n = 0;

		kd->ranks[i] = kd->nr_pages;
		rc = count_bits(vc, kd, start,
				min_u64(start + (1ull << kd->rank_shift), kd->max_mapnr), &n, err);
		kd->nr_pages += n;
	}
	return rc ? rc : find_rank(vc, kd, kd->start, &kd->rank_start, err);
}

int kdump_dump_open(struct vmcore *vc, struct err *err)
{
	struct kdump_dump *kd = calloc(1, sizeof(*kd));
	int rc;

	if (!kd)
		return err_nomem(err);
	vc->kd = kd;
	rc = read_headers(vc, kd, err);
	if (!rc)
		rc = count_ranks(vc, kd, err);
	if (rc)
		return rc;
	kd->nr_cached = (unsigned int)min_u64(CACHE_SIZE / kd->page_size, CACHE_MAX);
	kd->pages = malloc((size_t)kd->nr_cached * kd->page_size);
	kd->compressed = malloc(kd->page_size);
	if (!kd->pages || !kd->compressed)
		return err_nomem(err);
	if (kd->status & KDUMP_STATUS_INCOMPLETE)
		log_warn(vc->log, "%s: whoever wrote this dump could not finish it", vc->path);
	return 0;
}

void kdump_dump_close(struct kdump_dump *kd)
{
	size_t i;

	if (!kd)
		return;
	for (i = 0; i < NR_CODECS; i++)
		page_ctx_destroy(kd->codec[i]);
	free(kd->ranks);
	free(kd->pages);
	free(kd->compressed);
	free(kd);
}

static bool test_bit(struct vmcore *vc, unsigned int bitmap, pfn_t pfn)
{
	const uint8_t *p;
	size_t size;

	return pfn < vc->kd->max_mapnr &&
	       !vmcore_map_file(vc, vc->kd->off_bitmap[bitmap] + pfn / 8, 1, (const void **)&p,
				&size, NULL) &&
	       p[0] >> (pfn & 7) & 1;
}

bool kdump_dump_has(struct vmcore *vc, paddr_t paddr)
{
	return test_bit(vc, 1, paddr / vc->kd->page_size);
}

bool kdump_dump_was_filtered(struct vmcore *vc, paddr_t paddr)
{
	pfn_t pfn = paddr / vc->kd->page_size;

	return test_bit(vc, 0, pfn) && !test_bit(vc, 1, pfn);
}

/* The codec of a descriptor's flag, made when first needed. */
static struct page_ctx *codec_of(struct kdump_dump *kd, uint32_t flags, struct err *err)
{
	const struct page_codec *c;
	size_t i;

	for (i = 0; i < NR_CODECS && (c = page_codec_at(i)); i++) {
		if (c->pd_flag != flags)
			continue;
		if (!kd->codec[i])
			page_decompressor_create(c, &kd->codec[i], err);
		return kd->codec[i];
	}
	err_set(err, ERR_ABSENT, "its compression (flags 0x%x) is not known", flags);
	return NULL;
}

static int load_page(struct vmcore *vc, pfn_t pfn, uint8_t *to, struct err *err)
{
	struct kdump_dump *kd = vc->kd;
	uint8_t desc[PAGE_DESC_SIZE];
	uint64_t rank = 0, off;
	uint32_t size, flags;
	struct page_ctx *ctx;
	int rc = find_rank(vc, kd, pfn, &rank, err);

	if (!rc)
		rc = vmcore_read_file(vc, kd->off_desc + (rank - kd->rank_start) * PAGE_DESC_SIZE,
				      desc, sizeof(desc), err);
	if (rc)
		return rc;
	off = get_u64(desc + PAGE_DESC_OFF);
	size = get_u32(desc + PAGE_DESC_BYTES);
	flags = get_u32(desc + PAGE_DESC_FLAGS);
	if (!off)
		return err_set(err, ERR_ABSENT,
			       "did not get into the dump: it could not be read, or the dump is "
			       "incomplete");
	if (!size || size > kd->page_size || (!flags && size != kd->page_size))
		return err_set(err, ERR_ABSENT, "its descriptor is damaged: %u bytes, flags 0x%x",
			       size, flags);
	if (!flags)
		return vmcore_read_file(vc, off, to, size, err);
	ctx = codec_of(kd, flags, err);
	if (!ctx)
		return ERR_ABSENT;
	rc = vmcore_read_file(vc, off, kd->compressed, size, err);
	return rc ? rc : page_decompress(ctx, kd->compressed, size, to, kd->page_size, err);
}

/* The slot that has @pfn, else the one to take for it. */
static unsigned int find_slot(const struct kdump_dump *kd, pfn_t pfn, bool *found)
{
	unsigned int i, oldest = 0;

	*found = false;
	for (i = 0; i < kd->nr_cached; i++) {
		*found = kd->slots[i].used && kd->slots[i].pfn == pfn;
		if (*found)
			return i;
		if (kd->slots[i].used < kd->slots[oldest].used)
			oldest = i;
	}
	return oldest;
}

static int why_absent(struct vmcore *vc, pfn_t pfn, struct err *err)
{
	if (test_bit(vc, 0, pfn))
		return err_set(err, ERR_ABSENT,
			       "page frame 0x%" PRIx64 " was filtered out of the dump", pfn);
	return err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " is not in the dump", pfn);
}

/* The other file of a split dump that has the frame's contents. */
static struct vmcore *part_of(struct vmcore *vc, pfn_t pfn)
{
	size_t i;

	for (i = 0; i < vc->nr_parts; i++)
		if (pfn >= vc->parts[i]->kd->start && pfn < vc->parts[i]->kd->end)
			return vc->parts[i];
	return NULL;
}

int kdump_dump_map(struct vmcore *vc, paddr_t paddr, size_t want, const void **ptr, size_t *size,
		   struct err *err)
{
	struct kdump_dump *kd = vc->kd;
	pfn_t pfn = paddr / kd->page_size;
	uint64_t at = paddr & (kd->page_size - 1);
	unsigned int slot;
	struct err fault;
	bool found;
	int rc;

	if (kd->split && (pfn < kd->start || pfn >= kd->end)) {
		struct vmcore *part = part_of(vc, pfn);

		return part ? kdump_dump_map(part, paddr, want, ptr, size, err)
			    : err_set(err, ERR_ABSENT, "page frame 0x%" PRIx64 " is not in the dump", pfn);
	}
	slot = find_slot(kd, pfn, &found);
	if (!found) {
		if (!test_bit(vc, 1, pfn))
			return why_absent(vc, pfn, err);
		kd->slots[slot].used = 0;
		err = vmcore_fault_err(err, &fault);
		rc = load_page(vc, pfn, kd->pages + (size_t)slot * kd->page_size, err);
		if (rc) {
			err_add(err, "page frame 0x%" PRIx64, pfn);
			/* A damaged page is one that is not there; the rest of the dump is sound. */
			if (rc != ERR_NOMEM)
				err->rc = ERR_ABSENT;
			return vmcore_take_fault(vc, rc == ERR_NOMEM ? rc : ERR_ABSENT, err);
		}
		kd->slots[slot].pfn = pfn;
	}
	kd->slots[slot].used = ++kd->clock;
	*ptr = kd->pages + (size_t)slot * kd->page_size + at;
	*size = min_u64(want, kd->page_size - at);
	return 0;
}

/* First frame in [pfn, end) whose bit is @set; bytes are @p, of which the first holds the bit of
 * @base. */
static pfn_t scan_bits(const uint8_t *p, pfn_t base, pfn_t pfn, pfn_t end, bool set)
{
	uint8_t dull = set ? 0 : 0xff;

	while (pfn < end) {
		uint8_t byte = p[(pfn - base) / 8];

		if (!(pfn & 7) && byte == dull) {
			pfn += 8;
			continue;
		}
		if ((byte >> (pfn & 7) & 1) == set)
			return pfn;
		pfn++;
	}
	return end;
}

bool kdump_dump_next(struct vmcore *vc, enum vmcore_what what, paddr_t from, paddr_t *start,
		     paddr_t *end)
{
	struct kdump_dump *kd = vc->kd;
	uint64_t off = kd->off_bitmap[what == VMCORE_RAM ? 0 : 1];
	pfn_t pfn = from / kd->page_size;

	while (pfn < kd->max_mapnr) {
		pfn_t base = pfn & ~7ull, limit, first;
		const uint8_t *p;
		size_t size;

		/* What cannot be read is not there. */
		if (vmcore_map_file(vc, off + base / 8, MIB(1), (const void **)&p, &size, NULL)) {
			pfn = (base | (8 * 4096 - 1)) + 1;
			continue;
		}
		limit = min_u64(base + 8 * (uint64_t)size, kd->max_mapnr);
		first = scan_bits(p, base, pfn, limit, true);
		if (first < limit) {
			*start = max_u64(first * kd->page_size, from);
			*end = scan_bits(p, base, first, limit, false) * kd->page_size;
			return true;
		}
		pfn = limit;
	}
	return false;
}

uint64_t kdump_dump_nr_pages(const struct kdump_dump *kd)
{
	return kd->nr_pages;
}

bool kdump_dump_part(const struct kdump_dump *kd, pfn_t *start, pfn_t *end, pfn_t *max_mapnr)
{
	*start = kd->start;
	*end = kd->end;
	*max_mapnr = kd->max_mapnr;
	return kd->split;
}

unsigned int kdump_dump_level(const struct kdump_dump *kd)
{
	return kd->level;
}

bool kdump_dump_incomplete(const struct kdump_dump *kd)
{
	return kd->status & KDUMP_STATUS_INCOMPLETE;
}
