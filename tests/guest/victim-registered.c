/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-registered: registers memory for its core, by include/vmsift/register.h. Texts that must be in no
 * output are made at run time, so that they stand in no file.
 */
#include "victim.h"

#include <vmsift/register.h>

#define RING_SIZE 10000u

static struct ready ready = { .name = "victim-registered" };

/* Not static: a debugger is asked for them by name. */
struct {
	uint32_t magic, generation;
	char text[56];
} state = { 0x57a7e, 42, "state of the victim" };

char *ring;
char *journal;
size_t journal_size;
char *both;
size_t both_size = 100;
char verbose[64] = "only for a scope of five and more";
char unregistered[64] = "registered once, and no more";
char key_in_data[48];
char *heap; /* 4096 bytes with a key in their midst, registered as a whole too */

static struct vmsift_region regions[10];
struct vmsift_region interrupted;

static void secret(char *at, const char *kind)
{
	snprintf(at, 40, "VMSIFT-%s-NEVER-%s", "SECRET", kind);
}

static void need(int rc)
{
	if (rc)
		die("vmsift_register");
}

static void fill(void)
{
	size_t i;

	ring = malloc(RING_SIZE);
	journal = malloc(4096);
	both = malloc(4096);
	heap = malloc(4096);
	if (!ring || !journal || !both || !heap)
		die("malloc");
	for (i = 0; i < RING_SIZE; i++)
		ring[i] = (char)(i * 7 + i / 251);
	for (i = 0; i < 4096; i++)
		both[i] = (char)(i ^ i >> 8);
	memset(heap, 'h', 4096);
	journal_size = (size_t)snprintf(journal, 4096, "%s", "first line\nsecond line\n");
	secret(key_in_data, "data");
	secret(heap + 2000, "heap");
}

int main(void)
{
	fill();
	need(vmsift_register(&regions[0], "state", 0, &state, sizeof(state), 0));
	need(vmsift_register(&regions[1], "ring", 1, &ring, RING_SIZE, VMSIFT_PTR_INDIRECT));
	need(vmsift_register_len(&regions[2], "journal", 2, journal, &journal_size, 0));
	need(vmsift_register_len(&regions[3], "both", 3, &both, &both_size, VMSIFT_PTR_INDIRECT));
	need(vmsift_register(&regions[4], "verbose", 5, verbose, sizeof(verbose), 0));
	need(vmsift_register(&regions[5], "key-in-data", 0, key_in_data, sizeof(key_in_data),
			     VMSIFT_NEVER));
	need(vmsift_register(&regions[6], "heap", 0, heap, 4096, 0));
	need(vmsift_register(&regions[7], NULL, 0, heap + 2000, 40, VMSIFT_NEVER));
	need(vmsift_register(&regions[8], "unregistered", 0, unregistered, sizeof(unregistered), 0));
	need(vmsift_unregister(&regions[8]));
	if (!vmsift_register(&regions[0], "twice", 0, &state, sizeof(state), 0))
		die("registered twice");
	/* As a crash in the middle of vmsift_register() leaves it: filled, and not linked. */
	interrupted = regions[0];
	interrupted.name = "interrupted";
	ready_say(&ready, "pid=%d\nstate=%p\nring=%p\njournal=%p\nboth=%p\nverbose=%p\nkey_in_data=%p\nheap=%p\n",
		  getpid(), (void *)&state, (void *)ring, (void *)journal, (void *)both,
		  (void *)verbose, (void *)key_in_data, (void *)heap);
	ready_publish(&ready);
	for (;;)
		pause();
}
