/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore/elf_dump.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

/* A machine has thousands of memory ranges at the most; phdrs cost 56 bytes each here. */
#define LOADS_MAX 65536u
/*
 * Physical addresses have 52 bits at the most on x86_64 (its page tables) and on arm64 (LPA2). A segment
 * beyond would make bitmaps of frames that no reader takes.
 */
#define PHYS_END (1ull << 52)
/* No machine has more memory in one piece; of more than that a kernel dump's bitmaps would take gigabytes. */
#define FILTERED_MAX (1ull << 46)

/* Program headers are read so many at a time. */
#define PHDRS_READ 64u

static int check_header(const Elf64_Ehdr *ehdr, struct err *err)
{
	uint8_t class = ehdr->e_ident[EI_CLASS], data = ehdr->e_ident[EI_DATA];

	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) || ehdr->e_ident[EI_VERSION] != EV_CURRENT ||
	    (class != ELFCLASS32 && class != ELFCLASS64) || (data != ELFDATA2LSB && data != ELFDATA2MSB))
		return err_set(err, ERR_FORMAT, "is not an ELF file");
	if (class != ELFCLASS64)
		return err_set(err, ERR_UNSUPPORTED, "32-bit ELF: only 64-bit dumps are read");
	if (data != ELFDATA2LSB)
		return err_set(err, ERR_UNSUPPORTED, "big-endian: only little-endian dumps are read");
	if (ehdr->e_type != ET_CORE)
		return err_set(err, ERR_FORMAT, "is an ELF file but no core (type %u)",
			       ehdr->e_type);
	return 0;
}

/* Memory that is promised beyond what the file has: makedumpfile -E cuts a segment that way. */
static int add_filtered(struct vmcore *vc, const Elf64_Phdr *ph, struct err *err)
{
	struct vmcore_seg seg = { .start = ph->p_paddr + ph->p_filesz };

	if (ph->p_memsz <= ph->p_filesz || ph->p_paddr >= PHYS_END || ph->p_memsz > PHYS_END - ph->p_paddr ||
	    ph->p_memsz - ph->p_filesz > FILTERED_MAX)
		return 0;
	if (vc->filtered.n >= LOADS_MAX)
		return err_set(err, ERR_CORRUPT, "more than %u segments", LOADS_MAX);
	seg.end = ph->p_paddr + ph->p_memsz;
	return vmcore_seg_vec_push(&vc->filtered, seg) ? 0 : err_nomem(err);
}

static int add_load(struct vmcore *vc, const Elf64_Phdr *ph, struct err *err)
{
	uint64_t size = ph->p_filesz;
	struct vmcore_load load = { ph->p_vaddr, ph->p_paddr, ph->p_filesz };
	struct vmcore_seg seg;

	int rc;

	/* /proc/kcore gives vmalloc memory and the like no physical address (fs/proc/kcore.c). */
	if (ph->p_paddr == UINT64_MAX)
		return 0;
	rc = add_filtered(vc, ph, err);
	if (rc || !size)
		return rc;
	if (ph->p_paddr + size < ph->p_paddr || ph->p_offset + size < ph->p_offset)
		return err_set(err, ERR_CORRUPT,
			       "a segment at 0x%" PRIx64 " of 0x%" PRIx64 " bytes wraps around",
			       (uint64_t)ph->p_paddr, size);
	if (ph->p_paddr + size > PHYS_END)
		return err_set(err, ERR_CORRUPT,
			       "a segment at 0x%" PRIx64 " of 0x%" PRIx64 " bytes: no machine has memory there",
			       (uint64_t)ph->p_paddr, size);
	if (vc->loads.n >= LOADS_MAX)
		return err_set(err, ERR_CORRUPT, "more than %u segments", LOADS_MAX);
	if (!vmcore_load_vec_push(&vc->loads, load))
		return err_nomem(err);
	seg.start = ph->p_paddr;
	seg.off = ph->p_offset;
	if (ph->p_offset >= vc->file_size)
		size = 0;
	else if (size > vc->file_size - ph->p_offset)
		size = vc->file_size - ph->p_offset;
	vc->missing_size += ph->p_filesz - size;
	seg.end = seg.start + size;
	if (size && !vmcore_seg_vec_push(&vc->segs, seg))
		return err_nomem(err);
	seg.start = seg.end;
	seg.end = ph->p_paddr + ph->p_filesz;
	if (seg.start < seg.end && !vmcore_seg_vec_push(&vc->missing, seg))
		return err_nomem(err);
	return 0;
}

static int seg_cmp(const void *a, const void *b)
{
	const struct vmcore_seg *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* By size, the largest first; equal ones in the file's order. */
static int seg_cmp_size(const void *a, const void *b)
{
	const struct vmcore_seg *x = a, *y = b;
	uint64_t sx = x->end - x->start, sy = y->end - y->start;

	if (sx != sy)
		return sx > sy ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* Add what of @s no segment of @to holds yet. @to is ascending and stays so. */
static bool add_uncovered(struct vmcore_seg_vec *to, struct vmcore_seg s)
{
	size_t i, n = to->n;

	for (i = 0; i < n && s.start < s.end; i++) {
		struct vmcore_seg *have = &to->v[i];

		if (have->end <= s.start)
			continue;
		if (have->start >= s.end)
			break;
		if (have->start > s.start) {
			struct vmcore_seg part = { s.start, have->start, s.off };

			if (!vmcore_seg_vec_push(to, part))
				return false;
			have = &to->v[i];
		}
		if (have->end >= s.end)
			s.start = s.end;
		else {
			s.off += have->end - s.start;
			s.start = have->end;
		}
	}
	if (s.start < s.end && !vmcore_seg_vec_push(to, s))
		return false;
	if (to->n > n)
		qsort(to->v, to->n, sizeof(*to->v), seg_cmp);
	return true;
}

static bool any_overlap(struct vmcore_seg_vec *segs)
{
	size_t i;

	if (segs->n)
		qsort(segs->v, segs->n, sizeof(*segs->v), seg_cmp);
	for (i = 1; i < segs->n; i++)
		if (segs->v[i].start < segs->v[i - 1].end)
			return true;
	return false;
}

/* Make vc->filtered ascending and disjoint. */
static void settle_filtered(struct vmcore_seg_vec *segs)
{
	size_t i, n = 0;

	if (!segs->n)
		return;
	qsort(segs->v, segs->n, sizeof(*segs->v), seg_cmp);
	for (i = 0; i < segs->n; i++) {
		if (n && segs->v[i].start <= segs->v[n - 1].end)
			segs->v[n - 1].end = max_u64(segs->v[n - 1].end, segs->v[i].end);
		else
			segs->v[n++] = segs->v[i];
	}
	segs->n = n;
}

/* Make vc->segs ascending and disjoint. */
static int settle_segments(struct vmcore *vc, struct err *err)
{
	struct vmcore_seg_vec out = { 0 };
	struct vmcore_seg *s;

	settle_filtered(&vc->filtered);
	/* The usual dump has one overlap, the kernel image; a hostile one is bounded by this. */
	if (any_overlap(&vc->segs)) {
		if (vc->segs.n > 4096)
			return err_set(err, ERR_CORRUPT, "%zu segments that overlap", vc->segs.n);
		qsort(vc->segs.v, vc->segs.n, sizeof(*vc->segs.v), seg_cmp_size);
		vec_for_each(s, &vc->segs)
			if (!add_uncovered(&out, *s)) {
				vmcore_seg_vec_free(&out);
				return err_nomem(err);
			}
		vmcore_seg_vec_free(&vc->segs);
		vc->segs = out;
	}
	return 0;
}

/*
 * @n structures of @type from @off on. elf_begin() is not asked: it believes the header's numbers of sections and
 * of program headers, and would allocate for as many.
 */
static int read_elf(struct vmcore *vc, uint64_t off, Elf_Type type, void *to, size_t n, struct err *err)
{
	size_t size = elf64_fsize(type, n, EV_CURRENT);
	Elf_Data data = { .d_buf = to, .d_type = type, .d_version = EV_CURRENT, .d_size = size };
	int rc = vmcore_read_file(vc, off, to, size, err);

	if (!rc && !elf64_xlatetom(&data, &data, ELFDATA2LSB))
		rc = err_set(err, ERR_FORMAT, "ELF headers at 0x%" PRIx64 ": %s", off, elf_errmsg(-1));
	return rc;
}

static bool lies_within(const struct vmcore *vc, uint64_t off, uint64_t size)
{
	return off < vc->file_size && size <= vc->file_size - off;
}

/* How many program headers there are; more than 65,534 stand in the first section header (PN_XNUM, elf(5)). */
static int count_phdrs(struct vmcore *vc, const Elf64_Ehdr *ehdr, uint64_t *ret, struct err *err)
{
	Elf64_Shdr sh;
	int rc;

	*ret = ehdr->e_phnum;
	if (ehdr->e_phnum == PN_XNUM && ehdr->e_shoff && lies_within(vc, ehdr->e_shoff, sizeof(sh))) {
		rc = read_elf(vc, ehdr->e_shoff, ELF_T_SHDR, &sh, 1, err);
		if (rc)
			return rc;
		*ret = sh.sh_info;
	}
	if (!*ret || !ehdr->e_phoff || !lies_within(vc, ehdr->e_phoff, *ret * sizeof(Elf64_Phdr)))
		return err_set(err, ERR_FORMAT, "has no readable program headers (cut short?)");
	if (*ret > LOADS_MAX + ELF_DUMP_NOTES_MAX)
		return err_set(err, ERR_CORRUPT, "more than %u segments", LOADS_MAX);
	return 0;
}

static int take_phdr(struct vmcore *vc, const Elf64_Phdr *ph, struct elf_dump_notes *notes, struct err *err)
{
	if (ph->p_type == PT_NOTE && notes->n < ELF_DUMP_NOTES_MAX) {
		notes->v[notes->n].off = ph->p_offset;
		notes->v[notes->n++].size = ph->p_filesz;
	}
	return ph->p_type == PT_LOAD ? add_load(vc, ph, err) : 0;
}

static int read_phdrs(struct vmcore *vc, uint64_t off, uint64_t n, struct elf_dump_notes *notes, struct err *err)
{
	Elf64_Phdr ph[PHDRS_READ];
	size_t i, got;
	int rc = 0;

	for (; n && !rc; n -= got, off += got * sizeof(*ph)) {
		got = min_u64(n, PHDRS_READ);
		rc = read_elf(vc, off, ELF_T_PHDR, ph, got, err);
		for (i = 0; i < got && !rc; i++)
			rc = take_phdr(vc, &ph[i], notes, err);
	}
	return rc;
}

int elf_dump_read(struct vmcore *vc, struct elf_dump_notes *notes, struct err *err)
{
	Elf64_Ehdr ehdr = { 0 };
	uint64_t n;
	int rc;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return err_set(err, ERR_UNSUPPORTED, "libelf: %s", elf_errmsg(-1));
	if (!lies_within(vc, 0, sizeof(ehdr)))
		return err_set(err, ERR_FORMAT, "is not an ELF file");
	rc = read_elf(vc, 0, ELF_T_EHDR, &ehdr, 1, err);
	if (!rc)
		rc = check_header(&ehdr, err);
	if (!rc)
		rc = count_phdrs(vc, &ehdr, &n, err);
	if (rc)
		return rc;
	vc->e_machine = ehdr.e_machine;
	rc = read_phdrs(vc, ehdr.e_phoff, n, notes, err);
	return rc ? rc : settle_segments(vc, err);
}

struct note_segment {
	struct vmcore *vc;
	uint64_t off;
};

static int read_note_bytes(void *ctx, uint64_t off, void *buf, size_t size, struct err *err)
{
	struct note_segment *s = ctx;

	return vmcore_read_file(s->vc, s->off + off, buf, size, err);
}

int elf_dump_notes_read(struct vmcore *vc, uint64_t off, uint64_t size, struct err *err)
{
	struct note_segment seg = { vc, off };
	struct reader r = { .read = read_note_bytes, .ctx = &seg };
	size_t i, first = vc->notes.n;
	int rc;

	if (off >= vc->file_size)
		return err_set(err, ERR_CORRUPT, "the notes at 0x%" PRIx64 " are past the file's end",
			       off);
	r.size = min_u64(size, vc->file_size - off);
	rc = notes_read(&r, &vc->notes, err);
	for (i = first; i < vc->notes.n; i++)
		vc->notes.v[i].desc_off += off;
	return rc;
}
