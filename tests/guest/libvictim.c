/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvictim.so: a shared library that the victim is linked with. */
#include <stdint.h>
#include <sys/syscall.h>

#include "libvictim.h"

__thread long lib_tls_number = 7001;
__thread char lib_tls_text[32] = "lib-unset";
long lib_data = 0x1122334455667788;
char lib_bss[64];
const char lib_rodata[] = "libvictim read-only text";

/* Byte b of lane n of ymmN is (N << 4 | b & 15), the upper half has bit 7 set as well. */
static struct {
	uint8_t ymm[16][32];
} __attribute__((aligned(32))) patterns;

void victim_lib_thread(int number)
{
	static const char name[] = "lib-thread-";
	unsigned i;

	lib_tls_number = 7000 + number;
	for (i = 0; i < sizeof(name) - 1; i++)
		lib_tls_text[i] = name[i];
	lib_tls_text[i] = (char)('0' + number % 10);
	lib_tls_text[i + 1] = 0;
	lib_bss[number % 64] = (char)number;
}

static void patterns_fill(void)
{
	int n, b;

	for (n = 0; n < 16; n++)
		for (b = 0; b < 32; b++)
			patterns.ymm[n][b] = (uint8_t)((n << 4) | (b & 15)) ^ (b >= 16 ? 0xff : 0);
}

/*
 * One asm statement from the first load to the syscall instruction, so that nothing in between
 * touches the registers. st0 is 1.0, st1 is pi, st2 is log2(e).
 */
static ssize_t __attribute__((target("avx"))) read_avx(int fd, void *buf, size_t size)
{
	register uint64_t r12 asm("r12") = 0x1212121212121212;
	register uint64_t r13 asm("r13") = 0x1313131313131313;
	register uint64_t r14 asm("r14") = 0x1414141414141414;
	register uint64_t r15 asm("r15") = 0x1515151515151515;
	ssize_t ret;

	asm volatile("fninit\n\tfldl2e\n\tfldpi\n\tfld1\n\t"
		     "vmovdqa 0(%[p]), %%ymm0\n\tvmovdqa 32(%[p]), %%ymm1\n\t"
		     "vmovdqa 64(%[p]), %%ymm2\n\tvmovdqa 96(%[p]), %%ymm3\n\t"
		     "vmovdqa 128(%[p]), %%ymm4\n\tvmovdqa 160(%[p]), %%ymm5\n\t"
		     "vmovdqa 192(%[p]), %%ymm6\n\tvmovdqa 224(%[p]), %%ymm7\n\t"
		     "vmovdqa 256(%[p]), %%ymm8\n\tvmovdqa 288(%[p]), %%ymm9\n\t"
		     "vmovdqa 320(%[p]), %%ymm10\n\tvmovdqa 352(%[p]), %%ymm11\n\t"
		     "vmovdqa 384(%[p]), %%ymm12\n\tvmovdqa 416(%[p]), %%ymm13\n\t"
		     "vmovdqa 448(%[p]), %%ymm14\n\tvmovdqa 480(%[p]), %%ymm15\n\t"
		     "syscall\n\t"
		     : "=a"(ret)
		     : "a"(SYS_read), "D"(fd), "S"(buf), "d"(size), [p] "b"(&patterns), "r"(r12),
		       "r"(r13), "r"(r14), "r"(r15)
		     : "rcx", "r11", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",
		       "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
		       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
		       "xmm15");
	return ret;
}

static ssize_t read_sse(int fd, void *buf, size_t size)
{
	register uint64_t r12 asm("r12") = 0x1212121212121212;
	register uint64_t r13 asm("r13") = 0x1313131313131313;
	register uint64_t r14 asm("r14") = 0x1414141414141414;
	register uint64_t r15 asm("r15") = 0x1515151515151515;
	ssize_t ret;

	asm volatile("fninit\n\tfldl2e\n\tfldpi\n\tfld1\n\t"
		     "movdqa 0(%[p]), %%xmm0\n\tmovdqa 32(%[p]), %%xmm1\n\t"
		     "movdqa 64(%[p]), %%xmm2\n\tmovdqa 96(%[p]), %%xmm3\n\t"
		     "movdqa 448(%[p]), %%xmm14\n\tmovdqa 480(%[p]), %%xmm15\n\t"
		     "syscall\n\t"
		     : "=a"(ret)
		     : "a"(SYS_read), "D"(fd), "S"(buf), "d"(size), [p] "b"(&patterns), "r"(r12),
		       "r"(r13), "r"(r14), "r"(r15)
		     : "rcx", "r11", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",
		       "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm14", "xmm15");
	return ret;
}

ssize_t victim_lib_read(int fd, void *buf, size_t size)
{
	patterns_fill();
	if (__builtin_cpu_supports("avx"))
		return read_avx(fd, buf, size);
	return read_sse(fd, buf, size);
}
