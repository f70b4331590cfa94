/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thread control blocks, thread-local storage and the tables that lead a debugger to it, robust lists.
 * No libthread_db is run. glibc tells it the layout of its structures by symbols _thread_db_*, each
 * { bits, number, offset } (nptl_db/db_info.c); where these are not in memory, a superset is kept.
 */
#include "select/keep_set.h"

#include <elf.h>

#include "kernel/vma.h"
#include "util/bytes.h"

/* Larger than any struct pthread: 2304 bytes in glibc 2.36. */
#define TCB_MAX		 4096u
#define DTV_ENTRIES_MAX	 4096u
#define TLS_BLOCK_MAX	 KIB(64)
#define STATIC_TLS_MAX	 KIB(256)
#define SLOTINFO_MAX	 64u /* lists of it */
/* ROBUST_LIST_LIMIT, include/linux/futex.h */
#define ROBUST_MAX	 2048u
/* pthread_mutex_t around its list node. */
#define ROBUST_BEFORE	 32u
#define ROBUST_AFTER	 16u

struct tls {
	uint64_t nr_modules; /* that have TLS */
	uint64_t largest;    /* memsz of a PT_TLS */
	uint64_t total;	     /* of all, aligned: what the static block has at the most, but for its surplus */
	uint64_t tcb_size;
	bool cut;	     /* a module claims more */
};

static bool read_word(struct keep_ctx *c, uvaddr_t at, uint64_t *ret)
{
	return !proc_read_word(c->p, at, ret, NULL);
}

/* A 32-bit word of a symbol of libc. */
static bool libc_word(struct keep_ctx *c, const char *name, unsigned int i, uint32_t *ret)
{
	struct uelf_symbol s;
	uint8_t b[4];

	if (!c->libc || uelf_find_symbol(c->libc, name, &s, NULL) ||
	    proc_read(c->p, s.addr + 4 * i, b, sizeof(b), NULL))
		return false;
	*ret = get_u32(b);
	return true;
}

static void measure(struct keep_ctx *c, struct tls *t)
{
	const struct uelf *e;
	uint32_t size;

	*t = (struct tls){ .tcb_size = TCB_MAX };
	vec_for_each(e, &c->modules) {
		const struct uelf_phdr *ph = uelf_phdr(e, PT_TLS);

		if (!ph || !ph->memsz)
			continue;
		t->nr_modules++;
		t->largest = max_u64(t->largest, min_u64(ph->memsz, TLS_BLOCK_MAX));
		t->total += min_u64(ph->memsz, STATIC_TLS_MAX) + min_u64(ph->align, 4096);
		t->cut |= ph->memsz > TLS_BLOCK_MAX || ph->align > 4096;
	}
	t->cut |= t->total > STATIC_TLS_MAX;
	t->total = min_u64(t->total, STATIC_TLS_MAX);
	if (libc_word(c, "_thread_db_sizeof_pthread", 0, &size) && size >= 64)
		t->tcb_size = min_u64(size, TCB_MAX);
}

/*
 * The dtv: glibc's has entries { value, to_free } and its length in the entry before the first,
 * musl's has pointers and its length in the first. Return: 0 words if it cannot be read.
 */
static uint64_t dtv_words(struct keep_ctx *c, uvaddr_t dtv, const struct tls *t)
{
	unsigned int word = proc_word_size(c->p);
	uint64_t n = 0;

	if (dtv <= 2 * word || (c->is_glibc ? !read_word(c, dtv - 2 * word, &n) : !read_word(c, dtv, &n)))
		return 0;
	if (n > DTV_ENTRIES_MAX)
		n = t->nr_modules;
	return 2 * (n + 2);
}

/*
 * Pointers below the thread pointer lead into the static block, others to blocks of their own. (What else is
 * in the dtv points nowhere.) @rule: RULE_NONE keeps the blocks out.
 */
static int add_dtv_blocks(struct keep_ctx *c, uvaddr_t tp, uvaddr_t dtv, const struct tls *t,
			  enum keep_rule rule, uvaddr_t *static_start)
{
	uint64_t n = dtv_words(c, dtv, t), v, i;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		const struct proc_area *a;

		if (!read_word(c, dtv + proc_word_size(c->p) * i, &v))
			break;
		a = proc_find_area(c->p, v);
		if (!a || !keep_is_writable(a))
			continue;
		if (v < tp && tp - v < STATIC_TLS_MAX)
			*static_start = min_u64(*static_start, v);
		else
			rc = rule == RULE_NONE ? keep_add_never(c, v, t->largest) :
						 keep_add(c, v, t->largest, rule);
	}
	return rc;
}

static int keep_dtv(struct keep_ctx *c, uvaddr_t tp, uvaddr_t dtv, const struct tls *t,
		    uvaddr_t *static_start)
{
	unsigned int word = proc_word_size(c->p);
	uint64_t n = dtv_words(c, dtv, t);
	int rc = n ? keep_add(c, dtv - 2 * word, word * (n + 2), RULE_TLS) : 0;

	return rc ? rc : add_dtv_blocks(c, tp, dtv, t, RULE_TLS, static_start);
}

static int keep_tcb(struct keep_ctx *c, uvaddr_t tp, const struct tls *t)
{
	const struct proc_area *a = proc_find_area(c->p, tp);
	uvaddr_t static_start;
	uint64_t dtv;
	int rc;

	if (!a || !keep_is_writable(a))
		return 0;
	static_start = tp - min_u64(t->total, tp - a->start);
	rc = keep_add(c, tp, min_u64(t->tcb_size, a->end - tp), RULE_THREAD);
	/* tcbhead_t of glibc, struct pthread of musl: pointer to itself, dtv. */
	if (!rc && read_word(c, tp + proc_word_size(c->p), &dtv) && dtv > 16)
		rc = keep_dtv(c, tp, dtv, t, &static_start);
	static_start = max_u64(static_start, a->start);
	return rc ? rc : keep_add(c, static_start, tp - static_start, RULE_TLS);
}

/* What is found of a thread's blocks. @known: whether these are all. */
static int never_blocks(struct keep_ctx *c, uvaddr_t tp, const struct tls *t, bool *known)
{
	const struct proc_area *a = proc_find_area(c->p, tp - 1);
	uvaddr_t static_start;
	uint64_t dtv;
	int rc;

	/* A block is as large as its module says, and lies as far below as all of them take. */
	*known = a && !t->cut && read_word(c, tp + proc_word_size(c->p), &dtv) && dtv_words(c, dtv, t);
	if (!a)
		return 0;
	static_start = tp - min_u64(t->total, tp - a->start);
	rc = *known ? add_dtv_blocks(c, tp, dtv, t, RULE_NONE, &static_start) : 0;
	static_start = max_u64(static_start, a->start);
	return rc ? rc : keep_add_never(c, static_start, tp - static_start);
}

int keep_never_tls(struct keep_ctx *c, bool *all)
{
	const struct proc_thread *t;
	struct tls tls;
	uvaddr_t tp;
	bool known;
	int rc = 0;

	measure(c, &tls);
	*all = !c->p->nr_lost_threads;
	vec_for_each(t, &c->p->threads) {
		int has = rc ? 0 : keep_thread_pointer(c, t, &tp);

		if (has > 0)
			rc = never_blocks(c, tp, &tls, &known);
		*all &= has == 0 || (has > 0 && known);
	}
	return rc;
}

/* struct dtv_slotinfo_list of glibc: length, next, { generation, link_map } each. */
static int keep_slotinfo(struct keep_ctx *c, uvaddr_t at)
{
	unsigned int word = proc_word_size(c->p);
	unsigned int i;
	int rc = 0;

	for (i = 0; at && i < SLOTINFO_MAX && !rc; i++) {
		uint64_t len, next;

		if (!read_word(c, at, &len) || !read_word(c, at + word, &next))
			break;
		rc = keep_add(c, at, 2 * word * (1 + min_u64(len, DTV_ENTRIES_MAX)), RULE_TLS);
		at = next;
	}
	return rc;
}

/* Where the list is in _rtld_global is not known: then whatever ld.so's data points to. */
static int keep_what_ldso_points_to(struct keep_ctx *c, const struct uelf_symbol *s)
{
	unsigned int word = proc_word_size(c->p);
	uint64_t i, v;
	int rc = 0;

	for (i = 0; i + word <= min_u64(s->size, KIB(16)) && !rc; i += word) {
		const struct proc_area *a;

		if (!read_word(c, s->addr + i, &v))
			break;
		a = proc_find_area(c->p, v);
		if (a && keep_is_writable(a))
			rc = keep_add(c, v, 1024, RULE_TLS);
	}
	return rc;
}

static int keep_tls_tables(struct keep_ctx *c)
{
	struct uelf_symbol global;
	uint32_t off;
	uint64_t at;

	if (!c->ldso || uelf_find_symbol(c->ldso, "_rtld_global", &global, NULL))
		return 0;
	if (libc_word(c, "_thread_db_rtld_global__dl_tls_dtv_slotinfo_list", 2, &off) &&
	    off < global.size && read_word(c, global.addr + off, &at))
		return keep_slotinfo(c, at);
	return keep_what_ldso_points_to(c, &global);
}

/* struct robust_list_head: list.next, futex_offset, list_op_pending (include/uapi/linux/futex.h). */
static int keep_robust(struct keep_ctx *c, const struct proc_thread *t)
{
	enum layout_id list = c->p->is_32bit ? L_task_struct_compat_robust_list : L_task_struct_robust_list;
	struct kernel *k = c->p->k;
	uint64_t head, at;
	unsigned int i;
	int rc;

	if (!k || kread_member(k, t->task.addr, list, &head, NULL) || !head ||
	    !read_word(c, head, &at))
		return 0;
	rc = keep_add(c, head, 3 * proc_word_size(c->p), RULE_ROBUST);
	for (i = 0; i < ROBUST_MAX && !rc; i++) {
		at &= ~1ull; /* a priority-inheriting one */
		if (at == head || at < ROBUST_BEFORE || !proc_find_area(c->p, at))
			break;
		rc = keep_add(c, at - ROBUST_BEFORE, ROBUST_BEFORE + ROBUST_AFTER, RULE_ROBUST);
		if (!read_word(c, at, &at))
			break;
	}
	return rc;
}

int keep_threads(struct keep_ctx *c)
{
	const struct proc_thread *t;
	struct arch_regs regs;
	struct tls tls;
	uvaddr_t tp;
	int rc;

	measure(c, &tls);
	rc = keep_tls_tables(c);
	vec_for_each(t, &c->p->threads) {
		if (!rc && keep_thread_regs(c, t, &regs) && proc_thread_pointer(c->p, t, &regs, &tp))
			rc = keep_tcb(c, tp, &tls);
		if (!rc)
			rc = keep_robust(c, t);
	}
	return rc;
}
