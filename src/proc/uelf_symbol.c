/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of a module: .dynsym through its hash tables, .symtab of the file by a scan. */
#include <elf.h>
#include <string.h>

#include "proc/uelf.h"
#include "util/bytes.h"

#define SYM_SIZE_MAX  24u
#define SHDR_SIZE_MAX 64u
/* Symbols of one hash bucket; real ones have a few. */
#define CHAIN_MAX (1u << 16)
/* The largest programs have some hundred MB of symbol names. */
#define TABLE_MAX GIB(1)
#define CHUNK	  4096u

/* What differs by class: Elf32_Sym and Elf64_Sym have their members in another order, too. */
struct class {
	unsigned int word;
	unsigned int sym_size, st_info, st_shndx, st_value, st_size;
	unsigned int shdr_size, sh_offset, sh_size, sh_link;
};

static const struct class class64 = { 8, 24, 4, 6, 8, 16, 64, 24, 32, 40 };
static const struct class class32 = { 4, 16, 12, 14, 4, 8, 40, 16, 20, 24 };

static const struct class *class_of(const struct uelf *e)
{
	return e->p->is_32bit ? &class32 : &class64;
}

struct table {
	uint64_t off, size;
};

static bool is_defined(const struct class *c, const uint8_t *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym[c->st_info]);

	return get_u16(sym + c->st_shndx) != SHN_UNDEF && type != STT_SECTION && type != STT_FILE;
}

static struct uelf_symbol take(const struct uelf *e, const uint8_t *sym)
{
	const struct class *c = class_of(e);
	uint8_t type = ELF64_ST_TYPE(sym[c->st_info]);
	uint64_t bias = type == STT_TLS || get_u16(sym + c->st_shndx) == SHN_ABS ? 0 : e->bias;
	uint64_t addr = get_uint(sym + c->st_value, c->word) + bias;

	return (struct uelf_symbol){ c->word == 4 ? (uint32_t)addr : addr, get_uint(sym + c->st_size, c->word),
				     type, ELF64_ST_BIND(sym[c->st_info]) == STB_LOCAL };
}

/* Whether symbol @i of .dynsym has the name. Return: 1, 0; -1 with @err. */
static int dynsym_is(struct uelf *e, uint64_t i, const char *name, uint8_t sym[SYM_SIZE_MAX],
		     struct err *err)
{
	const struct class *c = class_of(e);
	char text[UELF_NAME_MAX + 1];
	size_t size = strlen(name) + 1;
	uint64_t at;

	if (proc_read(e->p, e->symtab + i * c->sym_size, sym, c->sym_size, err))
		return -1;
	at = get_u32(sym);
	if (at >= e->strsz || size > e->strsz - at)
		return 0;
	if (proc_read(e->p, e->strtab + at, text, size, err))
		return -1;
	return !memcmp(text, name, size) && is_defined(c, sym);
}

static int read_u32(struct uelf *e, uvaddr_t at, uint32_t *ret, struct err *err)
{
	uint8_t b[4];
	int rc = proc_read(e->p, at, b, sizeof(b), err);

	*ret = rc ? 0 : get_u32(b);
	return rc;
}

static uint32_t gnu_hash(const char *s)
{
	uint32_t h = 5381;

	for (; *s; s++)
		h = h * 33 + (uint8_t)*s;
	return h;
}

/* DT_GNU_HASH: buckets, symoffset, bloom words, shift; bloom, buckets, chains whose last has bit 0. */
static int find_gnu(struct uelf *e, const char *name, uint8_t sym[SYM_SIZE_MAX], struct err *err)
{
	uint32_t h = gnu_hash(name), v, i, n;
	uvaddr_t buckets, chains;
	uint8_t head[16];
	int rc = proc_read(e->p, e->gnu_hash, head, sizeof(head), err), is;

	if (rc)
		return rc;
	if (!get_u32(head))
		return err_set(err, ERR_NOTFOUND, "an empty hash table");
	buckets = e->gnu_hash + 16 + class_of(e)->word * (uint64_t)get_u32(head + 8);
	chains = buckets + 4 * (uint64_t)get_u32(head);
	rc = read_u32(e, buckets + 4 * (uint64_t)(h % get_u32(head)), &i, err);
	if (rc)
		return rc;
	if (i < get_u32(head + 4))
		return err_set(err, ERR_NOTFOUND, "no symbol %s", name);
	for (n = 0; n < CHAIN_MAX; n++, i++) {
		rc = read_u32(e, chains + 4 * (uint64_t)(i - get_u32(head + 4)), &v, err);
		if (rc)
			return rc;
		is = (v | 1) == (h | 1) ? dynsym_is(e, i, name, sym, err) : 0;
		if (is)
			return is < 0 ? ERR_ABSENT : 0;
		if (v & 1)
			return err_set(err, ERR_NOTFOUND, "no symbol %s", name);
	}
	return err_set(err, ERR_CORRUPT, "a hash chain without end");
}

static uint32_t sysv_hash(const char *s)
{
	uint32_t h = 0;

	for (; *s; s++) {
		h = (h << 4) + (uint8_t)*s;
		h ^= h >> 24 & 0xf0;
		h &= 0x0fffffff;
	}
	return h;
}

/* DT_HASH: number of buckets and chains, buckets, chains. */
static int find_sysv(struct uelf *e, const char *name, uint8_t sym[SYM_SIZE_MAX], struct err *err)
{
	uint32_t nr_buckets, nr_chains, i, n;
	int rc = read_u32(e, e->hash, &nr_buckets, err), is;

	if (!rc)
		rc = read_u32(e, e->hash + 4, &nr_chains, err);
	if (!rc && nr_buckets)
		rc = read_u32(e, e->hash + 8 + 4 * (uint64_t)(sysv_hash(name) % nr_buckets), &i, err);
	if (rc)
		return rc;
	for (n = 0; nr_buckets && i && i < nr_chains && n < CHAIN_MAX; n++) {
		is = dynsym_is(e, i, name, sym, err);
		if (is)
			return is < 0 ? ERR_ABSENT : 0;
		rc = read_u32(e, e->hash + 8 + 4 * ((uint64_t)nr_buckets + i), &i, err);
		if (rc)
			return rc;
	}
	return err_set(err, ERR_NOTFOUND, "no symbol %s", name);
}

int uelf_find_symbol(struct uelf *e, const char *name, struct uelf_symbol *ret, struct err *err)
{
	uint8_t sym[SYM_SIZE_MAX];
	int rc;

	if (strlen(name) > UELF_NAME_MAX)
		return err_set(err, ERR_NOTFOUND, "no symbol has so long a name");
	if (!e->symtab || !e->strtab || (!e->gnu_hash && !e->hash))
		return err_set(err, ERR_NOTFOUND, "no dynamic symbols");
	rc = e->gnu_hash ? find_gnu(e, name, sym, err) : find_sysv(e, name, sym, err);
	if (!rc)
		*ret = take(e, sym);
	return rc;
}

static int read_section(struct uelf *e, uint32_t i, uint8_t sh[SHDR_SIZE_MAX], struct table *ret,
			struct err *err)
{
	const struct class *c = class_of(e);
	int rc = proc_read_file(e->p, e->file, e->shoff + (uint64_t)i * c->shdr_size, sh, c->shdr_size, err);

	if (rc)
		return err_add(err, "section headers");
	*ret = (struct table){ get_uint(sh + c->sh_offset, c->word), get_uint(sh + c->sh_size, c->word) };
	return 0;
}

/* .symtab and its names, by the section headers. Return: 0; ERR_NOTFOUND if the file is stripped. */
static int find_symtab(struct uelf *e, struct table *syms, struct table *names, struct err *err)
{
	uint8_t sh[SHDR_SIZE_MAX];
	uint32_t i, link;
	int rc;

	for (i = 0; e->shoff && i < e->shnum; i++) {
		rc = read_section(e, i, sh, syms, err);
		if (rc)
			return rc;
		if (get_u32(sh + 4) != SHT_SYMTAB)
			continue;
		link = get_u32(sh + class_of(e)->sh_link);
		if (link >= e->shnum)
			return err_set(err, ERR_CORRUPT, ".symtab without names");
		rc = read_section(e, link, sh, names, err);
		if (rc)
			return rc;
		if (syms->size > TABLE_MAX || names->size > TABLE_MAX)
			return err_set(err, ERR_CORRUPT, ".symtab is too large");
		return 0;
	}
	return err_set(err, ERR_NOTFOUND, "no .symtab");
}

/* Names may share their ends, so that one name stands in more than one place. */
struct places {
	uint64_t v[UELF_SAME_NAME_MAX];
	size_t n;
};

static int find_places(struct uelf *e, const struct table *t, const char *name, struct places *ret,
		       struct err *err)
{
	uint8_t buf[CHUNK + UELF_NAME_MAX + 1];
	size_t size = strlen(name) + 1;
	uint64_t at;

	ret->n = 0;
	for (at = 0; at < t->size; at += CHUNK) {
		size_t n = min_u64(t->size - at, CHUNK + size - 1);
		const uint8_t *hit = buf;
		int rc = proc_read_file(e->p, e->file, t->off + at, buf, n, err);

		if (rc)
			return err_add(err, ".strtab");
		while ((hit = memmem(hit, (size_t)(buf + n - hit), name, size))) {
			if (ret->n == UELF_SAME_NAME_MAX)
				return err_set(err, ERR_CORRUPT, ".strtab has %s too often", name);
			ret->v[ret->n++] = at + (uint64_t)(hit - buf);
			hit++;
		}
	}
	return 0;
}

static bool is_known(const struct uelf_symbol_vec *v, const struct uelf_symbol *s)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->v[i].addr == s->addr && v->v[i].size >= s->size && v->v[i].type == s->type)
			return true;
	return false;
}

static int add_symbol(struct uelf *e, const uint8_t *sym, struct uelf_symbol_vec *ret,
		      struct err *err)
{
	struct uelf_symbol s = take(e, sym);

	if (is_known(ret, &s))
		return 0;
	if (ret->n >= UELF_SAME_NAME_MAX)
		return err_set(err, ERR_CORRUPT, "more than %u symbols of one name",
			       UELF_SAME_NAME_MAX);
	return uelf_symbol_vec_push(ret, s) ? 0 : err_nomem(err);
}

static int scan_symtab(struct uelf *e, const char *name, struct uelf_symbol_vec *ret,
		       struct err *err)
{
	const struct class *c = class_of(e);
	uint8_t buf[CHUNK];
	uint64_t whole = CHUNK / c->sym_size * c->sym_size;
	struct table syms = { 0 }, names = { 0 };
	struct places places;
	uint64_t at;
	size_t i, j;
	int rc = find_symtab(e, &syms, &names, err);

	if (!rc)
		rc = find_places(e, &names, name, &places, err);
	if (rc || !places.n)
		return rc == ERR_NOTFOUND ? 0 : rc;
	for (at = 0; at < syms.size && !rc; at += whole) {
		size_t n = min_u64(syms.size - at, whole);

		rc = proc_read_file(e->p, e->file, syms.off + at, buf, n, err);
		for (i = 0; !rc && i + c->sym_size <= n; i += c->sym_size)
			for (j = 0; !rc && j < places.n; j++)
				if (get_u32(buf + i) == places.v[j] && is_defined(c, buf + i))
					rc = add_symbol(e, buf + i, ret, err);
	}
	return rc;
}

int uelf_find_all_symbols(struct uelf *e, const char *name, struct uelf_symbol_vec *ret,
			  struct err *err)
{
	struct err fault = { 0 }, unasked = { 0 };
	struct uelf_symbol s;
	int first, rc;

	first = uelf_find_symbol(e, name, &s, &fault);

	/* err_add() knows the code by its text only. */
	if (!err)
		err = &unasked;
	if (!first && !is_known(ret, &s) && !uelf_symbol_vec_push(ret, s))
		return err_nomem(err);
	if (strlen(name) > UELF_NAME_MAX || e->file == AREA_NO_FILE)
		return 0;
	rc = scan_symtab(e, name, ret, err);
	if (!rc && first && first != ERR_NOTFOUND)
		rc = err_set(err, first, "%s", fault.text);
	return rc;
}
