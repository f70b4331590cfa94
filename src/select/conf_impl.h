/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to conf*.c. How a text becomes a struct conf:
 *
 *   conf_clean.c   comments become blanks, ${X} is protected        any bytes -> text
 *   conf_syntax.c  what is no statement is named and blanked out    text -> text without mistakes
 *                  (conf_lex.c cuts the text into tokens for it)
 *   conf_read.c    libconfuse decodes it                            text -> keys and values
 *   conf_value.c   values are checked and stored                    keys and values -> struct conf
 *   conf_target.c  what target sections need together
 *   conf_near.c    what a mis-spelt word may have meant
 *
 * libconfuse 3.3 stops at the first mistake, counts lines wrongly after comments, skips unknown
 * keys in silence or takes them for errors without a name, expands the environment, drops odd bytes
 * outside quotes, and copies a backslash at the end of a text to standard output. So it only ever
 * sees text that has no mistakes.
 */
#ifndef VMSIFT_SELECT_CONF_IMPL_H
#define VMSIFT_SELECT_CONF_IMPL_H

#include "select/conf.h"

enum conf_section { CONF_TOP, CONF_PROCESS, CONF_KERNEL, CONF_TARGET, CONF_NR_SECTIONS };

enum conf_type {
	CONF_WORD,	 /* one of .words */
	CONF_SIZE,	 /* 64K */
	CONF_SECONDS,	 /* 120s */
	CONF_NUMBER,	 /* 3 */
	CONF_CRASH_LOOP, /* "3 in 30m" */
	CONF_TEXT,
	CONF_LISTS, /* the types below are lists */
	CONF_SELECTIONS,
	CONF_SYMBOLS,
	CONF_TEXTS,
	CONF_RANGES,
	CONF_EXCLUDES,
};

struct conf_word {
	const char *name; /* NULL ends the list */
	unsigned int value;
};

/* One key of the configuration. A new key is a row in conf_key.c and a member in conf.h. */
struct conf_key {
	enum conf_section section;
	const char *name;
	enum conf_type type;
	size_t offset;		       /* in the struct of its section */
	uint64_t min, max;	       /* of sizes, times, numbers */
	const struct conf_word *words; /* CONF_WORD */
	uint64_t def;		       /* the default; of texts and lists: unused */
	const char *def_text;	       /* what conf_print() says where nothing is set; or NULL */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_nr_keys;

/* Keys that one section can have, for a table of what has been seen. */
#define CONF_MAX_KEYS 64

/* A key by name in a section, or NULL. */
const struct conf_key *conf_key_find(enum conf_section section, const char *name, size_t size);

/* Whether a word is a key, or may be meant as it: some letters differ, a third of them at most. */
bool conf_is_near(const char *word, size_t size, const char *key);
/* The key of a section that a word is nearest to, or NULL. */
const struct conf_key *conf_key_near(enum conf_section section, const char *word, size_t size);
/* Whether one of the words in a text is near a key. */
bool conf_has_word_near(const char *text, size_t size, const char *key);

/* Whether a word that is no key of a section may have been meant to exclude something. */
bool conf_may_exclude(enum conf_section section, const char *word, size_t size);
/* Whether a text that is not understood may have an exclusion in it. */
bool conf_has_exclusion(const char *text, size_t size);

/* The section that a word begins, or CONF_TOP if it is none. */
enum conf_section conf_section_find(const char *name, size_t size);
const char *conf_section_name(enum conf_section section);

static inline bool conf_key_is_list(const struct conf_key *key)
{
	return key->type > CONF_LISTS;
}

/* Put the defaults of a section into its struct. */
void conf_set_defaults(enum conf_section section, void *object);

/* Where we are, for messages. */
struct conf_place {
	const char *name; /* of the file */
	struct conf_problems *problems;
	enum conf_section section;
	char title[CONF_MAX_TITLE + 1];
	size_t nr_before;			/* problems there were when this section began */
	bool damaged;				/* its syntax had problems */
	unsigned int exclude_lost_line;		/* outside of sections, see struct conf */
	unsigned int section_exclude_lost_line; /* in this section, see struct conf_process */
	bool match_lost;			/* a selection of this section could not be read */
	bool nomem;				/* a problem could not be kept */
};

/* Enter a section, in messages and otherwise; CONF_TOP with no title leaves it. */
void conf_enter(struct conf_place *place, enum conf_section section, const char *title,
		size_t title_size);

/* Something in this section could not be read, so far. */
static inline bool conf_is_damaged(const struct conf_place *place)
{
	return place->damaged || place->problems->nr != place->nr_before;
}

/* Add a problem: "NAME:LINE: process "TITLE": KEY: TEXT". @key may be NULL. */
void conf_complain(struct conf_place *place, unsigned int line, const char *key, const char *fmt,
		   ...) __attribute__((format(printf, 4, 5)));

/*
 * What all blanks become. libconfuse takes a carriage return by itself, but a run of blanks as one
 * token, which it reads again from its start for every 8 KiB: 0.5 s for 1 MiB (measured).
 */
#define CONF_BLANK '\r'

/* A text that is worked on in place; freed with free(.s). */
struct conf_buf {
	char *s; /* not terminated before conf_check_syntax() has returned */
	size_t size, cap;
};

/**
 * conf_clean() - copy a text without its comments
 *
 * Comments become blanks, line ends stay, "${" in double quotes becomes "\${" so that libconfuse
 * does not expand it. The copy has room for a brace for each section that is not closed.
 *
 * Return: 0 or ERR_NOMEM.
 */
int conf_clean(const char *text, size_t size, struct conf_place *place, struct conf_buf *ret,
	       struct err *err);

enum conf_token_type {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING, /* in quotes */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_EQUALS,
	TOKEN_APPEND, /* += */
	TOKEN_COMMA,
	TOKEN_BAD
};

/* [start, end) of a buffer. No token goes over the end of a line. */
struct conf_token {
	enum conf_token_type type;
	size_t start, end;
	unsigned int line;
	const char *why; /* TOKEN_BAD: what is wrong with it */
};

/* The token at or after @pos, which is in line @line. */
struct conf_token conf_lex(const struct conf_buf *buf, size_t pos, unsigned int line);

/* A section that is kept, in the order of the file. */
struct conf_head {
	enum conf_section section;
	unsigned int line;
	unsigned int exclude_lost_line;
	bool match_lost;
	bool damaged;
	size_t title_size;
	char title[CONF_MAX_TITLE];
};

DEFINE_VEC(conf_heads, struct conf_head)

/**
 * conf_check_syntax() - blank out all that is not a statement of known keys, and name it
 * @heads: the sections that are left
 *
 * Afterwards the text is terminated, and libconfuse takes it without an error.
 *
 * Return: 0 or ERR_NOMEM.
 */
int conf_check_syntax(struct conf_buf *buf, struct conf_place *place, struct conf_heads *heads,
		      struct err *err);

/**
 * conf_store() - check one value and put it where its key says
 * @object: the struct of the key's section
 * @text:   decoded
 *
 * Return: 0, also where the value was refused; ERR_NOMEM.
 */
int conf_store(struct conf_place *place, const struct conf_key *key, void *object, const char *text,
	       unsigned int line, struct err *err);

/**
 * conf_target_check() - take @target->to apart and see that its keys fit together
 *
 * A directory without a device lies in a filesystem that someone else mounted. If such a section
 * has mistakes, one of them may be the device, and the dump would go into memory: the target is
 * left out.
 *
 * Return: 0; ERR_INVALID if the target cannot be used (and why has been named); ERR_NOMEM.
 */
int conf_target_check(struct conf_place *place, struct conf_target *target, struct err *err);

void conf_process_free(struct conf_process *process);
void conf_target_free(struct conf_target *target);

#endif
