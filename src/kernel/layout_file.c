/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/layout_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/str.h"

void layout_file_init(struct layout_file *lf)
{
	memset(lf, 0, sizeof(*lf));
	lf->stack_pad = UINT64_MAX;
}

void layout_file_deinit(struct layout_file *lf)
{
	struct user_symbol *s;

	vec_for_each(s, &lf->user_symbols)
		free(s->name);
	user_symbol_vec_free(&lf->user_symbols);
}

/* Whether @name is one of the alternatives "a|b|c"; *alt: which. */
static bool find_alternative(const char *names, const char *name, uint8_t *alt)
{
	size_t len = strlen(name);
	uint8_t i = 0;

	while (names) {
		const char *end = strchrnul(names, '|');

		if (*names == *name && (size_t)(end - names) == len && !memcmp(names, name, len)) {
			*alt = i;
			return true;
		}
		names = *end ? end + 1 : NULL;
		i++;
	}
	return false;
}

/* Most of the comparisons of a file's lines with the table end at the first letter. */
static bool same_name(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}

/* Calls for every entry of layout.def that a line may be about: a member can be wanted under two ids. */
static void take_value(struct layout_file *lf, enum layout_kind kind, const char *type,
		       const char *name, const struct layout_value *v)
{
	size_t i;

	for (i = 0; i < LAYOUT_NR; i++) {
		const struct layout_def *d = &layout_defs[i];
		struct layout_value *to = &lf->layout.v[i];
		uint8_t alt = 0;

		if (d->kind != kind || (type && !same_name(d->type, type)) ||
		    (kind != LAYOUT_TYPE && !find_alternative(d->names, name, &alt)))
			continue;
		/* The newest name wins where a file has several. */
		if (to->known && to->alt <= alt)
			continue;
		*to = *v;
		to->known = true;
		to->alt = alt;
	}
}

struct parser {
	const char *file;
	unsigned int line;
	struct layout_file *lf;
	struct err *err;
};

static int bad_line(struct parser *p, const char *what)
{
	return err_set(p->err, ERR_FORMAT, "%s:%u: %s", p->file, p->line, what);
}

/* The rest of a line as a text of a fixed size. */
static int take_text(struct parser *p, char *to, size_t size, const char *s)
{
	if (strlen(s) >= size)
		return bad_line(p, "value is too long");
	strcpy(to, s);
	return 0;
}

/* As many as a line has at the most; what a later version puts behind them is not for us. */
#define WORDS_MAX 7u

/* The words of a line, in place. Return: how many. */
static unsigned int split_words(char *s, char *w[WORDS_MAX])
{
	char *save = NULL, *word = strtok_r(s, " \t\r\v\f", &save);
	unsigned int n;

	for (n = 0; word && n < WORDS_MAX; n++) {
		w[n] = word;
		word = strtok_r(NULL, " \t\r\v\f", &save);
	}
	return n;
}

static bool take_u32(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (!str_parse_u64(s, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool take_i64(const char *s, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	return !errno && end != s && !*end;
}

static int parse_type(struct parser *p, char *s)
{
	struct layout_value v = { 0 };
	char *w[WORDS_MAX];

	if (split_words(s, w) < 2 || !take_u32(w[1], &v.size))
		return bad_line(p, "'type NAME SIZE' expected");
	if (v.size > MIB(1))
		return bad_line(p, "a type of a size that none has");
	v.value = v.size;
	take_value(p->lf, LAYOUT_TYPE, w[0], NULL, &v);
	return 0;
}

static int parse_member(struct parser *p, char *s)
{
	struct layout_value v = { 0 };
	uint32_t bit_off = 0, bit_size = 0;
	char *w[WORDS_MAX];
	unsigned int n = split_words(s, w);

	if (n < 5 || !take_i64(w[2], &v.value) || !take_u32(w[3], &v.size) || !take_u32(w[4], &v.count) ||
	    (n > 5 && !take_u32(w[5], &bit_off)) || (n > 6 && !take_u32(w[6], &bit_size)))
		return bad_line(p, "'member TYPE PATH OFFSET SIZE COUNT [BIT BITS]' expected");
	/* Offsets are added to addresses: keep them where a structure can have them. */
	if (v.value < 0 || v.value > (int64_t)MIB(1) || v.size > MIB(1) || bit_off > 7 ||
	    bit_size > 64)
		return bad_line(p, "a member that no structure can have");
	v.bit_off = (uint8_t)bit_off;
	v.bit_size = (uint8_t)bit_size;
	take_value(p->lf, LAYOUT_MEMBER, w[0], w[1], &v);
	return 0;
}

static int parse_enum(struct parser *p, char *s)
{
	struct layout_value v = { 0 };
	char *w[WORDS_MAX];

	if (split_words(s, w) < 2 || !take_i64(w[1], &v.value))
		return bad_line(p, "'enum NAME VALUE' expected");
	take_value(p->lf, LAYOUT_ENUM, NULL, w[0], &v);
	return 0;
}

static int parse_symbol(struct parser *p, char *s, bool percpu)
{
	struct symbols *sym = &p->lf->sym;
	char *w[WORDS_MAX];
	uint64_t addr;
	size_t i;
	uint8_t alt;

	if (split_words(s, w) < 2 || !str_parse_hex(w[1], &addr))
		return bad_line(p, "'symbol NAME ADDRESS' expected");
	for (i = 0; i < SYMBOL_NR; i++)
		if (!sym->known[i] && find_alternative(symbol_defs[i].names, w[0], &alt)) {
			sym->known[i] = true;
			sym->addr[i] = addr;
			p->lf->percpu[i] = percpu;
		}
	return 0;
}

static int parse_user_symbol(struct parser *p, char *s)
{
	struct user_symbol u = { 0 };
	char *w[WORDS_MAX];

	if (split_words(s, w) < 4 || strlen(w[0]) >= sizeof(u.build_id) || !str_parse_hex(w[1], &u.value) ||
	    !str_parse_u64(w[2], &u.size) || strlen(w[3]) > USER_NAME_MAX)
		return bad_line(p, "'user BUILD-ID VALUE SIZE NAME' expected");
	strcpy(u.build_id, w[0]);
	u.name = strdup(w[3]);
	if (!u.name || !user_symbol_vec_push(&p->lf->user_symbols, u)) {
		free(u.name);
		return err_nomem(p->err);
	}
	return 0;
}

static int parse_module(struct parser *p, char *s)
{
	char *w[WORDS_MAX];
	const char *known;
	size_t i;

	if (split_words(s, w) < 2 || strlen(w[1]) >= sizeof(p->lf->module_build_id[0]))
		return bad_line(p, "'module NAME BUILD-ID' expected");
	for (i = 0; (known = layout_module_at(i)); i++)
		if (!strcmp(known, w[0]))
			strcpy(p->lf->module_build_id[i], w[1]);
	return 0;
}

static int parse_u64(struct parser *p, uint64_t *to, const char *s)
{
	return str_parse_u64(s, to) ? 0 : bad_line(p, "a number expected");
}

static int parse_thread_size(struct parser *p, const char *s)
{
	uint64_t *to = &p->lf->thread_size;
	int rc = parse_u64(p, to, s);

	if (!rc && (!is_pow2(*to) || *to < KIB(4) || *to > MIB(1)))
		return bad_line(p, "a stack of a size that none has");
	return rc;
}

static int parse_stack_pad(struct parser *p, const char *s)
{
	uint64_t *to = &p->lf->stack_pad;
	int rc = parse_u64(p, to, s);

	return !rc && (*to > 64 || *to % 8) ? bad_line(p, "a padding that no stack has") : rc;
}

static int parse_line(struct parser *p, char *line)
{
	struct layout_file *lf = p->lf;
	char *value = strchr(line, ' ');

	if (!*line || *line == '#')
		return 0;
	if (!value)
		return bad_line(p, "a word and a value expected");
	*value++ = 0;
	if (!strcmp(line, "release"))
		return take_text(p, lf->release, sizeof(lf->release), value);
	if (!strcmp(line, "version"))
		return take_text(p, lf->version, sizeof(lf->version), value);
	if (!strcmp(line, "machine"))
		return take_text(p, lf->machine, sizeof(lf->machine), value);
	if (!strcmp(line, "build-id"))
		return take_text(p, lf->build_id, sizeof(lf->build_id), value);
	if (!strcmp(line, "stext"))
		return parse_u64(p, &lf->stext, value);
	if (!strcmp(line, "thread-size"))
		return parse_thread_size(p, value);
	if (!strcmp(line, "stack-padding"))
		return parse_stack_pad(p, value);
	if (!strcmp(line, "max-swapfiles"))
		return parse_u64(p, &lf->max_swapfiles, value);
	if (!strcmp(line, "module"))
		return parse_module(p, value);
	if (!strcmp(line, "type"))
		return parse_type(p, value);
	if (!strcmp(line, "member"))
		return parse_member(p, value);
	if (!strcmp(line, "enum"))
		return parse_enum(p, value);
	if (!strcmp(line, "symbol") || !strcmp(line, "percpu"))
		return parse_symbol(p, value, line[0] == 'p');
	if (!strcmp(line, "user"))
		return parse_user_symbol(p, value);
	return 0; /* of a later version: not for us */
}

static int check_first_line(struct parser *p, const char *line)
{
	static const char first[] = "vmsift-layout ";
	uint64_t version;

	if (strncmp(line, first, sizeof(first) - 1) || !str_parse_u64(line + sizeof(first) - 1, &version))
		return err_set(p->err, ERR_FORMAT, "%s: is no layout file", p->file);
	if (version != LAYOUT_FILE_VERSION)
		return err_set(p->err, ERR_UNSUPPORTED, "%s: layout format %" PRIu64 ", this is for %d",
			       p->file, version, LAYOUT_FILE_VERSION);
	return 0;
}

int layout_file_parse(const char *name, const char *text, size_t size, struct layout_file *ret,
		      struct err *err)
{
	struct parser p = { .file = name, .lf = ret, .err = err };
	const char *end = text + size, *nl;
	char line[2048];
	int rc;

	if (size > LAYOUT_FILE_SIZE_MAX)
		return err_set(err, ERR_FORMAT, "%s: %zu bytes are too many for a layout file",
			       name, size);
	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		p.line++;
		/* The last line has its newline: a file that was cut is none. */
		if (!nl)
			return bad_line(&p, "the file was cut");
		if ((size_t)(nl - text) >= sizeof(line))
			return bad_line(&p, "line is too long");
		memcpy(line, text, (size_t)(nl - text));
		line[nl - text] = 0;
		rc = p.line == 1 ? check_first_line(&p, line) : parse_line(&p, line);
		if (rc)
			return rc;
	}
	if (!p.line)
		return err_set(err, ERR_FORMAT, "%s: is empty", name);
	if (!ret->stext || !ret->release[0])
		return err_set(err, ERR_FORMAT, "%s: has no release or stext", name);
	return 0;
}

int layout_file_read(const char *path, struct layout_file *ret, struct err *err)
{
	AUTO_FREE char *text = malloc(LAYOUT_FILE_SIZE_MAX + 1);
	FILE *f;
	size_t n;
	int bad;

	if (!text)
		return err_nomem(err);
	f = fopen(path, "re");
	if (!f)
		return err_errno(err, "%s", path);
	errno = 0;
	n = fread(text, 1, LAYOUT_FILE_SIZE_MAX + 1, f);
	bad = ferror(f);
	fclose(f);
	if (bad)
		return err_errno(err, "%s", path);
	return layout_file_parse(path, text, n, ret, err);
}

static void write_name(FILE *out, const char *names, uint8_t alt)
{
	while (alt-- && strchr(names, '|'))
		names = strchr(names, '|') + 1;
	fprintf(out, "%.*s", (int)strcspn(names, "|"), names);
}

static void write_value(FILE *out, const struct layout_def *d, const struct layout_value *v)
{
	if (d->kind == LAYOUT_TYPE) {
		fprintf(out, "type %s %" PRIu32 "\n", d->type, v->size);
		return;
	}
	if (d->kind == LAYOUT_ENUM)
		fputs("enum ", out);
	else
		fprintf(out, "member %s ", d->type);
	write_name(out, d->names, v->alt);
	fprintf(out, " %" PRId64, v->value);
	if (d->kind == LAYOUT_MEMBER) {
		fprintf(out, " %" PRIu32 " %" PRIu32, v->size, v->count);
		if (v->bit_size)
			fprintf(out, " %u %u", v->bit_off, v->bit_size);
	}
	fputc('\n', out);
}

void layout_file_write(const struct layout_file *lf, FILE *out)
{
	const struct user_symbol *u;
	size_t i;

	fprintf(out, "vmsift-layout %d\n", LAYOUT_FILE_VERSION);
	fprintf(out, "release %s\nversion %s\nmachine %s\n", lf->release, lf->version, lf->machine);
	if (lf->build_id[0])
		fprintf(out, "build-id %s\n", lf->build_id);
	fprintf(out, "stext 0x%" PRIx64 "\n", lf->stext);
	if (lf->thread_size)
		fprintf(out, "thread-size %" PRIu64 "\n", lf->thread_size);
	if (lf->stack_pad != UINT64_MAX)
		fprintf(out, "stack-padding %" PRIu64 "\n", lf->stack_pad);
	if (lf->max_swapfiles)
		fprintf(out, "max-swapfiles %" PRIu64 "\n", lf->max_swapfiles);
	for (i = 0; i < LAYOUT_MODULES; i++)
		if (lf->module_build_id[i][0])
			fprintf(out, "module %s %s\n", layout_module_at(i), lf->module_build_id[i]);
	for (i = 0; i < LAYOUT_NR; i++)
		if (lf->layout.v[i].known)
			write_value(out, &layout_defs[i], &lf->layout.v[i]);
	for (i = 0; i < SYMBOL_NR; i++)
		if (lf->sym.known[i])
			fprintf(out, "%s %.*s %" PRIx64 "\n", lf->percpu[i] ? "percpu" : "symbol",
				(int)strcspn(symbol_defs[i].names, "|"), symbol_defs[i].names,
				lf->sym.addr[i]);
	vec_for_each(u, &lf->user_symbols)
		fprintf(out, "user %s %" PRIx64 " %" PRIu64 " %s\n", u->build_id, u->value, u->size,
			u->name);
}

int layout_file_check(const struct layout_file *lf, const char *build_id, const char *release,
		      const char *version, struct err *err)
{
	if (lf->build_id[0] && build_id[0]) {
		if (!strcasecmp(lf->build_id, build_id))
			return 0;
		return err_set(err, ERR_INVALID,
			       "is for the kernel with build-id %s, the dump's is %s", lf->build_id,
			       build_id);
	}
	if (!strcmp(lf->release, release) && !strcmp(lf->version, version))
		return 0;
	return err_set(err, ERR_INVALID, "is for kernel %s %s, the dump is of %s %s", lf->release,
		       lf->version, release, version);
}
