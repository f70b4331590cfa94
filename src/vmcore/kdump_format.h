/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kdump-compressed format, version 6, as makedumpfile(8) defined it: 64-bit, in the byte order of the
 * dumped machine. Block 0 struct disk_dump_header, from block 1 struct kdump_sub_header and the notes, then
 * two bitmaps (a bit for each page frame: it is RAM; it is in this file), then one struct page_desc for each
 * set bit of the second, then the pages. Offsets are written out, as no host struct is to be relied on.
 */
#ifndef VMSIFT_VMCORE_KDUMP_FORMAT_H
#define VMSIFT_VMCORE_KDUMP_FORMAT_H

#define KDUMP_SIGNATURE	     "KDUMP   "
#define KDUMP_SIGNATURE_SIZE 8
#define KDUMP_VERSION	     6

/* struct disk_dump_header */
#define DDH_SIZE	   464
#define DDH_VERSION	   8   /* i32 */
#define DDH_UTSNAME	   12  /* 6 fields of DDH_UTS_FIELD bytes */
#define DDH_UTS_FIELD	   65
#define DDH_TIMESTAMP	   408 /* struct timeval of 64 bits each */
#define DDH_STATUS	   424 /* u32 KDUMP_STATUS_, the codec's flag among them */
#define DDH_BLOCK_SIZE	   428 /* i32: the page size */
#define DDH_SUB_HDR_BLOCKS 432 /* i32 */
#define DDH_BITMAP_BLOCKS  436 /* u32: both bitmaps */
#define DDH_MAX_MAPNR	   440 /* u32: cut at UINT32_MAX */
#define DDH_NR_CPUS	   460 /* i32 */

#define KDUMP_STATUS_INCOMPLETE 8u

/* struct kdump_sub_header */
#define KSH_SIZE	      104
#define KSH_PHYS_BASE	      0
#define KSH_DUMP_LEVEL	      8	 /* i32 */
#define KSH_SPLIT	      12 /* i32 */
#define KSH_START_PFN_OLD     16
#define KSH_END_PFN_OLD	      24
#define KSH_OFFSET_VMCOREINFO 32
#define KSH_SIZE_VMCOREINFO   40
#define KSH_OFFSET_NOTE	      48
#define KSH_SIZE_NOTE	      56
#define KSH_START_PFN	      80 /* version 6; 16 before */
#define KSH_END_PFN	      88 /* version 6; 24 before */
#define KSH_MAX_MAPNR	      96 /* version 6 */

/* struct page_desc; the rest, u64 page_flags, is 0. */
#define PAGE_DESC_SIZE	24
#define PAGE_DESC_OFF	0  /* u64: in the file; 0 says that the page did not get there */
#define PAGE_DESC_BYTES 8  /* u32 */
#define PAGE_DESC_FLAGS 12 /* u32: the codec's flag, 0 for a page as it is */

/*
 * The flattened form, for outputs that cannot seek: a header of a page, then records of { be64 offset, be64
 * size, bytes } until one of { -1, -1 }. No offset may come twice: readers may take either.
 */
#define FLAT_SIGNATURE	 "makedumpfile"
#define FLAT_HEADER_SIZE 4096
#define FLAT_TYPE	 16 /* be64: 1 */
#define FLAT_VERSION	 24 /* be64: 1 */
#define FLAT_RECORD_SIZE 16

/*
 * A note of owner "VMSIFT" and this type holds a layout file (kernel/layout_file.h) of the dumped kernel, so
 * that vmsift needs none of the kernel's own types and symbols. Others step over it.
 */
#define VMSIFT_NOTE_OWNER  "VMSIFT"
#define VMSIFT_NOTE_LAYOUT 0x4c41594fu /* "LAYO" */

#endif
