/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * victim-mcd: registers data by libminicoredumper, without its daemon. The declarations are those of its
 * <minicoredumper.h>, which need not be there.
 */
#include "victim.h"

struct mcd_dump_data;
enum { PTR_DIRECT = 1, PTR_INDIRECT = 2, LENGTH_DIRECT = 4, LENGTH_INDIRECT = 8, NODUMP = 16 };
int mcd_dump_data_register_text(const char *ident, unsigned long scope, struct mcd_dump_data **save,
				const char *fmt, ...);
int mcd_dump_data_register_bin(const char *ident, unsigned long scope, struct mcd_dump_data **save,
			       void *data, size_t size, int flags);
int mcd_dump_data_unregister(struct mcd_dump_data *data);

static struct ready ready = { .name = "victim-mcd" };

char table[300];
char *buffer;
size_t buffer_size = 1000;
char nodump[16] = "not to be dumped";
int count = -3;
unsigned long mask = 0xbeef;
short small = -2;
unsigned char byte = 0xfe;
double ratio = 1.25;
char name[32] = "the name";
void *pointer = (void *)0x1234;

static void need(int rc)
{
	if (rc)
		die("libminicoredumper");
}

int main(void)
{
	struct mcd_dump_data *gone;
	size_t i;

	buffer = malloc(4096);
	if (!buffer)
		die("malloc");
	for (i = 0; i < sizeof(table); i++)
		table[i] = (char)(i * 3);
	for (i = 0; i < 4096; i++)
		buffer[i] = (char)(i * 5 + 1);
	need(mcd_dump_data_register_bin("table", 1, NULL, table, sizeof(table), PTR_DIRECT | LENGTH_DIRECT));
	need(mcd_dump_data_register_bin("buffer", 2, NULL, &buffer, (size_t)&buffer_size,
					PTR_INDIRECT | LENGTH_INDIRECT));
	need(mcd_dump_data_register_bin(NULL, 3, NULL, nodump, sizeof(nodump),
					PTR_DIRECT | LENGTH_DIRECT | NODUMP));
	need(mcd_dump_data_register_text("text", 0, NULL, "count %d mask 0x%08lx small %hd byte %hhx%%\n",
					 &count, &mask, &small, &byte));
	need(mcd_dump_data_register_text("text", 0, NULL, "ratio %.3lf name '%-10s' pointer %p\n", &ratio, name,
					 &pointer));
	need(mcd_dump_data_register_text("gone", 0, &gone, "%d", &count));
	need(mcd_dump_data_unregister(gone));
	/* Values are those of the crash, not of the registration. */
	count = -1;
	ready_say(&ready, "pid=%d\ntable=%p\nbuffer=%p\n", getpid(), (void *)table, (void *)buffer);
	ready_publish(&ready);
	for (;;)
		pause();
}
