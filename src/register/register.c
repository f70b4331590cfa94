/* SPDX-License-Identifier: MIT */
/*
 * The library behind include/vmsift/register.h. What vmsift relies on:
 *
 * - An ELF note of owner "VMSIFT" and type 0x52455347 ("GSER"), whose data are a version (1) and the
 *   distance, counted from where it stands itself, to the list's head.
 * - The head: magic, version, size of a pointer, then the first entry. Entries are added at the front and
 *   taken out by one store each, so that whoever looks in between sees the list before or after.
 */
#include <vmsift/register.h>

#define HEAD_MAGIC   0x48535631u /* "1VSH" in memory */
#define HEAD_VERSION 1u

struct vmsift_head {
	uint32_t magic;
	uint16_t version, pointer_size;
	struct vmsift_region *first;
	uint32_t lock; /* of writers only; readers come when all is still */
};

/* Its distance from the note must be known when this is linked, so nobody else's may take its place. */
__attribute__((visibility("hidden"), used)) struct vmsift_head vmsift_register_head = {
	.magic = HEAD_MAGIC,
	.version = HEAD_VERSION,
	.pointer_size = sizeof(void *),
};

__asm__(".pushsection .note.vmsift,\"a\",%note\n"
	"	.balign 4\n"
	"	.long 7, 8, 0x52455347\n"
	"	.asciz \"VMSIFT\"\n"
	"	.balign 4\n"
	"	.long 1\n"
	"	.long vmsift_register_head - .\n"
	"	.popsection\n");

static void lock(void)
{
	while (__atomic_exchange_n(&vmsift_register_head.lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock(void)
{
	__atomic_store_n(&vmsift_register_head.lock, 0, __ATOMIC_RELEASE);
}

static int add(struct vmsift_region *r, const char *name, unsigned int scope, const void *addr,
	       uintptr_t len, unsigned int flags)
{
	struct vmsift_head *h = &vmsift_register_head;

	if (!r || !addr || flags & ~(unsigned int)(VMSIFT_PTR_INDIRECT | VMSIFT_LEN_INDIRECT | VMSIFT_NEVER))
		return -1;
	lock();
	if (r->magic == VMSIFT_REGION_MAGIC) {
		unlock();
		return -1;
	}
	r->flags = flags;
	r->scope = scope;
	r->reserved = 0;
	r->name = name;
	r->addr = addr;
	r->len = len;
	r->next = h->first;
	r->magic = VMSIFT_REGION_MAGIC;
	/* The entry is whole before anyone can come to it. */
	__atomic_store_n(&h->first, r, __ATOMIC_RELEASE);
	unlock();
	return 0;
}

int vmsift_register(struct vmsift_region *r, const char *name, unsigned int scope, const void *addr,
		    size_t size, unsigned int flags)
{
	return flags & VMSIFT_LEN_INDIRECT ? -1 : add(r, name, scope, addr, size, flags);
}

int vmsift_register_len(struct vmsift_region *r, const char *name, unsigned int scope,
			const void *addr, const size_t *size, unsigned int flags)
{
	return size ? add(r, name, scope, addr, (uintptr_t)size, flags | VMSIFT_LEN_INDIRECT) : -1;
}

int vmsift_unregister(struct vmsift_region *r)
{
	struct vmsift_region **at;
	int rc = -1;

	lock();
	for (at = &vmsift_register_head.first; *at; at = &(*at)->next)
		if (*at == r) {
			__atomic_store_n(at, r->next, __ATOMIC_RELEASE);
			r->magic = 0;
			rc = 0;
			break;
		}
	unlock();
	return rc;
}
