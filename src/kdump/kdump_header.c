/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kdump/kdump_header.h"

#include <elf.h>
#include <string.h>
#include <sys/time.h>

#include "util/bytes.h"
#include "vmcore/kdump_format.h"

/*
 * Device dumps (NT_VMCOREDD) are left out: hundreds of MiB that no reader of this format looks for.
 * Any other note is smaller than this: an NT_PRSTATUS, VMCOREINFO.
 */
#define NOTE_MAX VMCOREINFO_SIZE_MAX

#define NOTE_BUF_SIZE 16384

/* @layout: there is a new layout note, which takes the place of one that the dump has already. */
static bool note_is_kept(const struct note *n, bool layout)
{
	if (layout && n->type == VMSIFT_NOTE_LAYOUT && !strcmp(n->name, VMSIFT_NOTE_OWNER))
		return false;
	return n->type != NT_VMCOREDD && n->desc_size <= NOTE_MAX;
}

static uint64_t note_head_size(const struct note *n)
{
	return 12 + round_up_u64(strlen(n->name) + 1, 4);
}

static uint64_t note_size(const struct note *n)
{
	return note_head_size(n) + round_up_u64(n->desc_size, 4);
}

/* The head of our note; its text follows, padded to 4 bytes. */
static size_t layout_note_head(const char *layout, uint8_t h[12 + 8])
{
	memset(h, 0, 12 + 8);
	put_u32(h, sizeof(VMSIFT_NOTE_OWNER));
	put_u32(h + 4, (uint32_t)strlen(layout));
	put_u32(h + 8, VMSIFT_NOTE_LAYOUT);
	memcpy(h + 12, VMSIFT_NOTE_OWNER, sizeof(VMSIFT_NOTE_OWNER));
	return 12 + round_up_u64(sizeof(VMSIFT_NOTE_OWNER), 4);
}

int kdump_places_init(struct kdump_places *p, const struct vmcore *vc, pfn_t max_mapnr,
		      const char *layout, struct err *err)
{
	uint32_t bs = vc->page_size;
	const struct note *n;
	uint8_t h[12 + 8];

	memset(p, 0, sizeof(*p));
	p->block_size = bs;
	vec_for_each (n, &vc->notes)
		if (note_is_kept(n, layout))
			p->note_size += note_size(n);
	if (layout)
		p->note_size += layout_note_head(layout, h) + round_up_u64(strlen(layout), 4);
	p->sub_hdr_blocks = (KSH_SIZE + p->note_size + bs - 1) / bs;
	p->bitmap_size = round_up_u64((max_mapnr + 7) / 8, bs);
	/* bitmap_blocks is 32 bits wide: 16 EiB of memory at least. */
	if (2 * p->bitmap_size / bs > UINT32_MAX || p->sub_hdr_blocks > INT32_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "page frame 0x%" PRIx64 " is beyond what kdump-compressed can say",
			       max_mapnr);
	p->off_bitmap1 = (1 + p->sub_hdr_blocks) * bs;
	p->off_bitmap2 = p->off_bitmap1 + p->bitmap_size;
	p->off_desc = p->off_bitmap2 + p->bitmap_size;
	return 0;
}

static void put_uts(uint8_t *h, const struct vmcore *vc, const struct kernel *k)
{
	char release[UTS_FIELD] = "";
	const struct arch *a = arch_find(vc->e_machine);
	const char *const fields[] = {
		k && k->sysname[0] ? k->sysname : "Linux",
		k ? k->nodename : "",
		k ? k->release : release,
		k ? k->version : "",
		k && k->machine[0] ? k->machine
		: a		   ? a->name
				   : "",
	};
	size_t i;

	vmcoreinfo_str(&vc->info, "OSRELEASE", release, sizeof(release));
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		strncpy((char *)h + DDH_UTSNAME + i * DDH_UTS_FIELD, fields[i], DDH_UTS_FIELD - 1);
}

static unsigned int count_cpus(const struct vmcore *vc)
{
	const struct note *n;
	unsigned int cpus = 0;

	vec_for_each (n, &vc->notes)
		cpus += n->type == NT_PRSTATUS && !strcmp(n->name, "CORE");
	return cpus ? cpus : 1; /* readers want one at least */
}

static void fill_header(uint8_t *h, const struct vmcore *vc, const struct kdump_places *p,
			const struct kdump_identity *id)
{
	int64_t crash_time = 0;

	memset(h, 0, DDH_SIZE);
	memcpy(h, KDUMP_SIGNATURE, KDUMP_SIGNATURE_SIZE);
	put_u32(h + DDH_VERSION, KDUMP_VERSION);
	put_uts(h, vc, id->k);
	/* The same dump gives the same file, so no time of day. */
	vmcoreinfo_number(&vc->info, "CRASHTIME", &crash_time);
	put_u64(h + DDH_TIMESTAMP, (uint64_t)crash_time);
	put_u32(h + DDH_STATUS, KDUMP_STATUS_INCOMPLETE);
	put_u32(h + DDH_BLOCK_SIZE, p->block_size);
	put_u32(h + DDH_SUB_HDR_BLOCKS, (uint32_t)p->sub_hdr_blocks);
	put_u32(h + DDH_BITMAP_BLOCKS, (uint32_t)(2 * p->bitmap_size / p->block_size));
	put_u32(h + DDH_MAX_MAPNR, (uint32_t)min_u64(id->max_mapnr, UINT32_MAX));
	put_u32(h + DDH_NR_CPUS, count_cpus(vc));
}

static int write_note(struct kdump_buf *b, struct vmcore *vc, const struct note *n, struct err *err)
{
	uint8_t h[12 + sizeof(n->name)] = { 0 };
	uint64_t at = 0, total = round_up_u64(n->desc_size, 4);
	struct err fault = { 0 };
	int rc;

	put_u32(h, (uint32_t)strlen(n->name) + 1);
	put_u32(h + 4, n->desc_size);
	put_u32(h + 8, n->type);
	memcpy(h + 12, n->name, strlen(n->name));
	rc = kdump_buf_put(b, h, note_head_size(n), err);
	while (!rc && at < total) {
		size_t size = min_u64(total - at, 4096), real;
		uint8_t *to;

		rc = kdump_buf_reserve(b, size, &to, err);
		if (rc)
			return rc;
		memset(to, 0, size);
		real = min_u64(size, n->desc_size > at ? n->desc_size - at : 0);
		/* A damaged note must not cost the dump; its size is in the headers already. */
		if (vmcore_read_file(vc, n->desc_off + at, to, real, &fault)) {
			log_warn(vc->log, "note %s: %s; zeros stand in its place", n->name,
				 fault.text);
			memset(to, 0, size);
		}
		b->n += size;
		at += size;
	}
	return rc;
}

/* The notes, and where VMCOREINFO is among them. */
static int write_notes(struct kdump_out *out, struct vmcore *vc, const struct kdump_places *p,
		       const char *layout, uint8_t *sub, struct err *err)
{
	static const char padding[4];
	uint8_t h[12 + 8];
	uint64_t off = p->block_size + KSH_SIZE;
	const struct note *n;
	struct kdump_buf b;
	int rc = kdump_buf_init(&b, out, off, NOTE_BUF_SIZE, err);

	vec_for_each (n, &vc->notes) {
		if (rc || !note_is_kept(n, layout))
			continue;
		if (!strcmp(n->name, "VMCOREINFO")) {
			put_u64(sub + KSH_OFFSET_VMCOREINFO, off + note_head_size(n));
			put_u64(sub + KSH_SIZE_VMCOREINFO, n->desc_size);
		}
		off += note_size(n);
		rc = write_note(&b, vc, n, err);
	}
	if (!rc && layout)
		rc = kdump_buf_put(&b, h, layout_note_head(layout, h), err);
	if (!rc && layout)
		rc = kdump_buf_put(&b, layout, strlen(layout), err);
	if (!rc && layout)
		rc = kdump_buf_put(&b, padding, -strlen(layout) & 3, err);
	if (!rc)
		rc = kdump_buf_flush(&b, err);
	kdump_buf_deinit(&b);
	return rc;
}

int kdump_header_write(struct kdump_out *out, struct vmcore *vc, const struct kdump_places *p,
		       const struct kdump_identity *id, struct err *err)
{
	uint8_t h[DDH_SIZE], sub[KSH_SIZE] = { 0 };
	int64_t phys_base = 0;
	int rc;

	fill_header(h, vc, p, id);
	vmcoreinfo_number(&vc->info, "NUMBER(phys_base)", &phys_base);
	put_u64(sub + KSH_PHYS_BASE, (uint64_t)phys_base);
	put_u32(sub + KSH_DUMP_LEVEL, id->dump_level);
	put_u64(sub + KSH_OFFSET_NOTE, p->block_size + KSH_SIZE);
	put_u64(sub + KSH_SIZE_NOTE, p->note_size);
	put_u64(sub + KSH_MAX_MAPNR, id->max_mapnr);
	if (out->flattened) {
		rc = kdump_out_write(out, 0, h, DDH_STATUS, err);
		if (!rc)
			rc = kdump_out_write(out, DDH_STATUS + 4, h + DDH_STATUS + 4,
					     DDH_SIZE - DDH_STATUS - 4, err);
	} else {
		rc = kdump_out_write(out, 0, h, sizeof(h), err);
	}
	if (!rc)
		rc = write_notes(out, vc, p, id->layout, sub, err);
	return rc ? rc : kdump_out_write(out, p->block_size, sub, sizeof(sub), err);
}

int kdump_status_write(struct kdump_out *out, uint32_t status, struct err *err)
{
	uint8_t s[4];

	put_u32(s, status);
	return kdump_out_write(out, DDH_STATUS, s, sizeof(s), err);
}
