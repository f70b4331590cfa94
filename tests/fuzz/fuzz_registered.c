/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes behind the lists of registered memory: walks must end, what is registered as never must be in
 * no core, and files hold as many bytes as was said. The first byte chooses which list the rest is behind.
 */
#include "../unit/registered_image.h"
#include "select/plan.h"
#include "ucore/data_file.h"

static int discard(void *ctx, const void *buf, size_t size, struct err *err)
{
	(void)buf, (void)err;
	*(uint64_t *)ctx += size;
	return 0;
}

static void check_never(const struct plan *plan)
{
	const struct registered_region *r;
	struct plan_load l;
	size_t at = 0;

	while (plan_load_next(plan, &at, &l))
		vec_for_each(r, &plan->registered.regions)
			if (r->never && r->size && l.start < r->addr + r->size && r->addr < l.mem_end)
				abort();
}

static void check_files(const struct plan *plan)
{
	struct data_file_vec files = { 0 };
	const struct data_file *f;

	if (data_file_list(plan, &files, NULL))
		abort();
	vec_for_each(f, &files) {
		uint64_t n = 0, lost = 0;
		const struct out out = { .write = discard, .ctx = &n };

		if (data_file_write(plan, f, &out, &lost, NULL) || n != f->size)
			abort();
	}
	data_file_vec_free(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_text file = { (char *)"*", 1 };
	struct conf_process s = { .registered = { 1, 1 }, .data_files = { &file, 1, 1 } };
	const struct conf_process *sections[] = { &s };
	struct image im = image_make("c", "ooso");
	struct keep_opts o;
	struct plan plan;
	uint8_t how = size ? *data : 0;

	if (size > 1)
		memcpy(im.heap, data + 1, size - 1 < 0x2000 ? size - 1 : 0x2000);
	if (how & 1)
		image_first(&im, HEAP);
	if (how & 2)
		put_u64(im.data + MCD_HEAD, HEAP + (how & 1 ? 0x80 : 0));
	if (how & 4 && size > 29)
		memcpy(im.exe + 0x200, data + 1, 28);
	keep_opts_init(&o, (enum detail)(how >> 4 & 3));
	keep_opts_merge(&o, sections, how & 8 ? 1 : 0);
	if (plan_make(&im.f->p, &o, &plan, NULL))
		abort();
	check_never(&plan);
	check_files(&plan);
	plan_deinit(&plan);
	fake_destroy(im.f);
	return 0;
}
