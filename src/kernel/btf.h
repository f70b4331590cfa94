/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BTF, the kernel's own description of its types: Documentation/bpf/btf.rst and
 * include/uapi/linux/btf.h. A small reader that looks up the types, members and enumerators it is
 * asked for in two passes over the blob and keeps nothing else: about 0.3 MiB while it works.
 *
 * Masks are those of 7.2 (kind bits 24-30, vlen bits 0-23), whose wider parts older kernels leave
 * zero. A kind that is not known here is stepped over with the help of the layout section (7.2).
 */
#ifndef VMSIFT_KERNEL_BTF_H
#define VMSIFT_KERNEL_BTF_H

#include "kernel/layout.h"
#include "util/reader.h"
#include "util/types.h"

/* More than any kernel has: 3.3 to 7.1 MiB were seen. */
#define BTF_SIZE_MAX MIB(64)

/**
 * btf_check_header() - whether BTF of a whole kernel (not of a module) begins here
 * @btf:        offset 0 is the header; may go on behind the BTF, and its size be UINT64_MAX
 * @total_size: bytes from the header to the end of the last section; untouched on failure
 *
 * Checks the header, that types and strings lie behind it without overlap, the first type, and both
 * ends of the strings; it does not read the rest.
 *
 * Return: 0; ERR_FORMAT if it is something else or damaged; ERR_UNSUPPORTED if big-endian or of
 * another version; what @btf says of bytes that it cannot read.
 */
int btf_check_header(const struct reader *btf, uint64_t *total_size, struct err *err);

/**
 * btf_find() - find the kernel's BTF in its image by the magic number
 * @kmem:  offsets are kernel virtual addresses
 * @start: where to look: the kernel image
 * @end:   end of that
 * @ret:   kernel virtual address of the header; untouched on failure
 * @size:  bytes of the BTF; untouched on failure
 *
 * For kernels whose kallsyms has no __start_BTF (CONFIG_KALLSYMS_ALL=n). The largest that passes
 * btf_check_header() is taken: BTF of modules is not in the image, but their files may be.
 *
 * Return: 0; ERR_NOTFOUND; ERR_NOMEM.
 */
int btf_find(const struct reader *kmem, kvaddr_t start, kvaddr_t end, kvaddr_t *ret, uint64_t *size,
	     struct err *err);

/**
 * btf_fill_layout() - look up types, members and enumerators
 * @btf:  the blob, as between __start_BTF and __stop_BTF
 * @defs: what is wanted
 * @nr:   number of @defs and of @ret
 * @ret:  all written; what is not in the BTF, or could not be read, has .known false
 *
 * Several types may bear one name: the struct, union or typedef in which most of the @defs of that
 * name are found is taken; of equals a struct or union before a typedef, then the first. An
 * enumerator that stands in two enums with different values is left unknown.
 *
 * Members: .size and .count are 0 where the member's type cannot be followed. .count is that of the
 * outermost dimension. Bitfields: .size is the number of bytes that hold the bits. Offsets within
 * the type are checked against its size. Before 6.0 the sign of an enumerator was not recorded:
 * those of 2^31 and above are taken as unsigned.
 *
 * Return: 0 if the whole BTF was read, whatever was found in it. Else @ret is filled as far as it
 * went: ERR_FORMAT, ERR_CORRUPT; ERR_UNSUPPORTED if a kind is unknown and its size too (names kind
 * and type id); what @btf says of bytes that it cannot read; ERR_NOMEM (then nothing is known).
 */
int btf_fill_layout(const struct reader *btf, const struct layout_def *defs, size_t nr,
		    struct layout_value *ret, struct err *err);

/**
 * btf_fill_layout_split() - the same for the types of a module
 * @base:   the kernel's BTF
 * @module: the module's, as struct btf.data has it: its type ids go on after those of the kernel,
 *	    its string offsets after the kernel's strings
 *
 * Both are searched; of equally good types that of the module is taken.
 */
int btf_fill_layout_split(const struct reader *base, const struct reader *module,
			  const struct layout_def *defs, size_t nr, struct layout_value *ret,
			  struct err *err);

#endif
