/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle_btf BTF [MODULE-BTF]: what our BTF reader says of every entry of layout.def, against what
 * libbpf's reader says. "-p" as the first argument prints our values instead, one line each.
 *
 * BTF is a raw blob: /sys/kernel/btf/vmlinux, or cut out of a vmlinux or a dump.
 * Status: 0 all agree; 1 something differs; 2 usage; 77 libbpf does not take this file.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"

struct place {
	long long bit_off;
	__u32 type;
	int bits;
};

static const struct btf_type *strip(const struct btf *btf, __u32 id, __u32 *ret)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t))) {
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	*ret = id;
	return t;
}

static bool oracle_member(const struct btf *btf, __u32 id, const char *name, size_t len,
			  struct place *ret)
{
	const struct btf_type *t = strip(btf, id, &id);
	const struct btf_member *m;
	const char *s;

	if (!t || !btf_is_composite(t))
		return false;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++) {
		s = btf__name_by_offset(btf, m[i].name_off);
		if (strlen(s) == len && !strncmp(s, name, len)) {
			ret->bit_off = btf_member_bit_offset(t, (__u32)i);
			ret->bits = (int)btf_member_bitfield_size(t, (__u32)i);
			ret->type = m[i].type;
			return true;
		}
		if (!*s && oracle_member(btf, m[i].type, name, len, ret)) {
			ret->bit_off += btf_member_bit_offset(t, (__u32)i);
			return true;
		}
	}
	return false;
}

static bool oracle_path(const struct btf *btf, __u32 id, const char *path, struct place *ret)
{
	const struct btf_type *t;
	long long bit_off = 0;
	size_t len;

	for (;;) {
		len = strcspn(path, ".[|");
		if (!oracle_member(btf, id, path, len, ret))
			return false;
		path += len;
		if (*path == '[') {
			t = strip(btf, ret->type, &id);
			if (!btf_is_array(t))
				return false;
			ret->type = btf_array(t)->type;
			ret->bit_off += 8 * btf__resolve_size(btf, ret->type) * atoi(path + 1);
			path = strchr(path, ']') + 1;
		}
		ret->bit_off += bit_off;
		if (*path != '.')
			return true;
		path++;
		bit_off = ret->bit_off;
		id = ret->type;
	}
}

static bool oracle_def(const struct btf *btf, __u32 id, const struct layout_def *def,
		       struct layout_value *ret)
{
	const struct btf_type *t;
	const char *path = def->names;
	struct place p;
	__s64 size;

	*ret = (struct layout_value){ 0 };
	if (def->kind == LAYOUT_TYPE) {
		size = btf__resolve_size(btf, id);
		*ret = (struct layout_value){ .known = true,
					      .size = (uint32_t)size,
					      .value = size };
		return true;
	}
	for (uint8_t alt = 0; path; alt++, path = strchr(path, '|'), path += path ? 1 : 0) {
		if (!oracle_path(btf, id, path, &p))
			continue;
		*ret = (struct layout_value){ .known = true, .alt = alt, .value = p.bit_off / 8 };
		if (p.bits) {
			ret->bit_off = p.bit_off % 8;
			ret->bit_size = (uint8_t)p.bits;
			ret->size = (uint32_t)(ret->bit_off + p.bits + 7) / 8;
			return true;
		}
		t = strip(btf, p.type, &id);
		size = btf__resolve_size(btf, p.type);
		ret->size = size < 0 ? 0 : (uint32_t)size;
		ret->count = t && btf_is_array(t) ? btf_array(t)->nelems : 0;
		return true;
	}
	return false;
}

static bool oracle_enum(const struct btf *btf, const char *name, size_t len, int64_t *ret)
{
	const struct btf_type *t;
	const char *s;

	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		for (int i = 0; (btf_is_enum(t) || btf_is_enum64(t)) && i < btf_vlen(t); i++) {
			s = btf__name_by_offset(btf, btf_is_enum(t) ? btf_enum(t)[i].name_off
								    : btf_enum64(t)[i].name_off);
			if (strlen(s) != len || strncmp(s, name, len))
				continue;
			if (!btf_is_enum(t))
				*ret = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
			else
				*ret = btf_kflag(t) ? (int64_t)btf_enum(t)[i].val
						    : (int64_t)(__u32)btf_enum(t)[i].val;
			return true;
		}
	}
	return false;
}

static bool agree(const struct layout_value *a, const struct layout_value *b)
{
	return a->known == b->known && a->alt == b->alt && a->bit_off == b->bit_off &&
	       a->bit_size == b->bit_size && a->size == b->size && a->count == b->count &&
	       a->value == b->value;
}

/* libbpf's word on one entry: of several types of that name, whichever agrees with ours best. */
static struct layout_value oracle(const struct btf *btf, const struct layout_def *def,
				  const struct layout_value *ours)
{
	struct layout_value v = { 0 }, first = { 0 };
	const struct btf_type *t;
	const char *alt = def->names;

	for (int i = 0; def->kind == LAYOUT_ENUM && alt; i++) {
		if (oracle_enum(btf, alt, strcspn(alt, "|"), &v.value)) {
			v.known = true;
			v.alt = (uint8_t)i;
			return v;
		}
		alt = strchr(alt, '|') ? strchr(alt, '|') + 1 : NULL;
	}
	for (__u32 id = 1; def->kind != LAYOUT_ENUM && id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		if (!(btf_is_composite(t) && btf_vlen(t)) && !btf_is_typedef(t))
			continue;
		if (strcmp(btf__name_by_offset(btf, t->name_off), def->type))
			continue;
		if (!oracle_def(btf, id, def, &v))
			continue;
		if (agree(&v, ours))
			return v;
		if (!first.known)
			first = v;
	}
	return first;
}

static void print_value(const char *who, const struct layout_def *def, const struct layout_value *v)
{
	printf("%s%s ", who, def->id);
	if (!v->known) {
		printf("-\n");
		return;
	}
	printf("%lld size %u count %u alt %u", (long long)v->value, v->size, v->count, v->alt);
	if (v->bit_size)
		printf(" bit %u width %u", v->bit_off, v->bit_size);
	printf("\n");
}

static int load(const char *path, struct reader *ret)
{
	FILE *f = fopen(path, "rb");
	char *buf = malloc(BTF_SIZE_MAX);
	size_t size = f && buf ? fread(buf, 1, BTF_SIZE_MAX, f) : 0;

	if (f)
		fclose(f);
	if (!size) {
		fprintf(stderr, "oracle_btf: %s: %s\n", path, strerror(errno));
		free(buf);
		return -1;
	}
	*ret = (struct reader)READER_OF_BUFFER(buf, size);
	return 0;
}

static int compare(const struct btf *btf, const struct layout_value *ours)
{
	struct layout_value v;
	int nr_known = 0, nr_different = 0;

	for (size_t i = 0; i < LAYOUT_NR; i++) {
		v = oracle(btf, &layout_defs[i], &ours[i]);
		nr_known += ours[i].known;
		if (agree(&v, &ours[i]))
			continue;
		nr_different++;
		print_value("ours:   ", &layout_defs[i], &ours[i]);
		print_value("libbpf: ", &layout_defs[i], &v);
	}
	printf("%d entries, %d known, %d different\n", LAYOUT_NR, nr_known, nr_different);
	return nr_different || !nr_known;
}

static int compare_with_libbpf(char **file, const struct layout_value *ours)
{
	struct btf *base = btf__parse_raw(file[0]), *module = NULL;
	int rc = 77;

	if (base && file[1])
		module = btf__parse_raw_split(file[1], base);
	if (base && (module || !file[1]))
		rc = compare(module ? module : base, ours);
	else
		printf("oracle_btf: libbpf does not take it: %s\n", strerror(errno));
	btf__free(module);
	btf__free(base);
	return rc;
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && !strcmp(argv[1], "-p");
	static struct layout_value ours[LAYOUT_NR];
	char **file = argv + 1 + print;
	struct reader r[2] = { 0 };
	struct err err = { 0 };
	int rc = 0;

	if (argc - print < 2 || argc - print > 3)
		return 2;
	for (int i = 0; file[i]; i++) {
		if (load(file[i], &r[i]))
			return 2;
	}
	if (btf_fill_layout_split(&r[0], file[1] ? &r[1] : NULL, layout_defs, LAYOUT_NR, ours,
				  &err)) {
		printf("oracle_btf: %s: %s\n", file[0], err.text);
		rc = 1;
	} else if (!print) {
		rc = compare_with_libbpf(file, ours);
	}
	for (size_t i = 0; !rc && print && i < LAYOUT_NR; i++)
		print_value("", &layout_defs[i], &ours[i]);
	free(r[0].ctx);
	free(r[1].ctx);
	return rc;
}
