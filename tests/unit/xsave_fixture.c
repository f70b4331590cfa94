/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xsave_fixture - print XSAVE images of this machine as C, for tests/unit/xsave_images.h
 *
 * To be run by hand on a machine with AVX-512 and XSAVEC:
 *
 *	gcc -O1 -mxsave -mxsavec -mavx512f -mavx512bw -o xsave_fixture tests/unit/xsave_fixture.c
 *	./xsave_fixture >tests/unit/xsave_images.h
 *
 * Every register gets a pattern that tells it from all others: byte i of register r of a kind that
 * begins at B is B + 37 r + i. Each image is taken with its own set of components in use, those
 *that are not are put into their initial state before. Which components the images have, and where,
 *is that machine's CPUID leaf 0xD.
 */
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define AREA 16384

static uint8_t source[AREA] __attribute__((aligned(64)));
static uint8_t area[AREA] __attribute__((aligned(64)));

static void pattern(uint8_t *to, unsigned base, unsigned reg, unsigned from, unsigned size)
{
	unsigned i;

	for (i = 0; i < size; i++)
		to[i] = (uint8_t)(base + 37 * reg + from + i);
}

static uint32_t standard_offset(unsigned feature, uint32_t *size, int *aligned)
{
	uint32_t a, b, c, d;

	__cpuid_count(0xd, feature, a, b, c, d);
	*size = a;
	*aligned = c >> 1 & 1;
	return b;
}

/* A standard image with a pattern in every register that is asked for. */
static void make_source(uint64_t in_use)
{
	uint32_t size;
	int aligned;
	unsigned r;

	memset(source, 0, sizeof(source));
	source[0] = 0x7f, source[1] = 0x02;   /* FCW: precision of a double */
	source[24] = 0x80, source[25] = 0x3f; /* MXCSR: round up */
	for (r = 0; r < 8; r++)
		pattern(source + 32 + 16 * r, 0x10, r, 0, 10);
	for (r = 0; r < 16; r++) {
		pattern(source + 160 + 16 * r, 0x20, r, 0, 16);
		pattern(source + standard_offset(2, &size, &aligned) + 16 * r, 0x20, r, 16, 16);
		pattern(source + standard_offset(6, &size, &aligned) + 32 * r, 0x20, r, 32, 32);
		pattern(source + standard_offset(7, &size, &aligned) + 64 * r, 0x20, 16 + r, 0, 64);
	}
	for (r = 0; r < 8; r++)
		pattern(source + standard_offset(5, &size, &aligned) + 8 * r, 0x40, r, 0, 8);
	memcpy(source + 512, &in_use, 8);
}

static void print_image(const char *name, uint64_t rfbm, uint64_t in_use)
{
	size_t end = 576, i;
	unsigned f;

	make_source(in_use);
	memset(area, 0, sizeof(area));
	_xrstor64(source, ~0ull);
	_xsavec64(area, rfbm);
	_mm256_zeroall();
	for (f = 2; f < 20; f++) {
		uint32_t size;
		int aligned;

		standard_offset(f, &size, &aligned);
		if (!(rfbm >> f & 1))
			continue;
		end = (aligned ? (end + 63) & ~63ul : end) + size;
	}
	printf("/* %zu bytes; RFBM 0x%llx, in use 0x%llx */\nstatic const char %s[] =", end,
	       (unsigned long long)rfbm, (unsigned long long)in_use, name);
	for (i = 0; i < end; i++)
		printf("%s%02x%s", i % 44 ? "" : "\n\t\"", area[i],
		       i % 44 == 43 || i + 1 == end ? "\"" : "");
	printf(";\n\n");
}

int main(void)
{
	uint64_t xcr0 = _xgetbv(0);
	unsigned f;

	printf("/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
	       "/* XSAVE images of a CPU with AVX-512 and XSAVEC, in hex; made by xsave_fixture.c, "
	       "which says how. */\n"
	       "#ifndef XSAVE_IMAGES_H\n#define XSAVE_IMAGES_H\n\n#include <stdint.h>\n\n"
	       "#define IMAGES_XCR0 0x%llxull\n\n"
	       "/* CPUID leaf 0xD: standard offset, size, whether aligned when compacted. */\n"
	       "static const struct {\n\tuint32_t offset, size, aligned;\n} images_cpuid[20] = {\n",
	       (unsigned long long)xcr0);
	for (f = 2; f < 20; f++) {
		uint32_t size, off;
		int aligned;

		off = standard_offset(f, &size, &aligned);
		if (size && xcr0 >> f & 1)
			printf("\t[%u] = { %u, %u, %d },\n", f, off, size, aligned);
	}
	printf("};\n\n");
	print_image("image_all", 0xe7, 0xe7);
	print_image("image_avx", 0x07, 0x07);
	print_image("image_gap", 0xe7, 0x87);
	print_image("image_sse", 0xe7, 0x03);
	print_image("image_init", 0xe7, 0x00);
	printf("#endif\n");
	return 0;
}
