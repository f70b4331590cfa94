/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/module_id.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "util/bytes.h"

#define NOTE_NAME ".note.gnu.build-id"
/* A module has a handful of sections with notes. */
#define ATTRS_MAX 32u
#define ID_MAX	  20u
#define ID_MIN	  8u

static void put_hex(const uint8_t *id, size_t size, char hex[MODULE_ID_SIZE])
{
	size_t i;

	for (i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", id[i]);
}

/* A section with one note, "GNU" NT_GNU_BUILD_ID. */
static bool id_of_note(struct kernel *k, kvaddr_t at, uint64_t size, char hex[MODULE_ID_SIZE])
{
	uint8_t note[16 + ID_MAX];
	uint32_t n;

	if (size < 16 + ID_MIN || kmem_read(&k->km, at, note, 16, NULL))
		return false;
	n = get_u32(note + 4);
	if (get_u32(note) != 4 || get_u32(note + 8) != NT_GNU_BUILD_ID ||
	    memcmp(note + 12, "GNU", 4) || n < ID_MIN || n > ID_MAX || size < 16 + n ||
	    kmem_read(&k->km, at + 16, note + 16, n, NULL))
		return false;
	put_hex(note + 16, n, hex);
	return true;
}

/* A file of /sys/module/NAME/notes: its name is the section's, its private pointer leads to it. */
static bool id_of_attr(struct kernel *k, kvaddr_t attr, char hex[MODULE_ID_SIZE])
{
	char name[sizeof(NOTE_NAME) + 1];
	uint64_t at, size;

	return !kread_member(k, attr, L_bin_attribute_name, &at, NULL) &&
	       !kmem_read_str(&k->km, at, name, sizeof(name), NULL) && !strcmp(name, NOTE_NAME) &&
	       !kread_member(k, attr, L_bin_attribute_private, &at, NULL) &&
	       !kread_member(k, attr, L_bin_attribute_size, &size, NULL) &&
	       id_of_note(k, at, size, hex);
}

/* The attributes one behind the other, and their number, or an array of pointers that ends with NULL. */
static bool id_of_notes(struct kernel *k, kvaddr_t notes, char hex[MODULE_ID_SIZE])
{
	uint32_t size = layout_size(&k->layout, L_bin_attribute);
	uint64_t nr, list, attr, i;

	if (layout_has(&k->layout, L_module_notes_attrs_attrs) && size &&
	    !kread_member(k, notes, L_module_notes_attrs_notes, &nr, NULL)) {
		attr = kmember_addr(k, notes, L_module_notes_attrs_attrs);
		for (i = 0; i < nr && i < ATTRS_MAX; i++)
			if (id_of_attr(k, attr + i * size, hex))
				return true;
		return false;
	}
	if (kread_member(k, notes, L_module_notes_attrs_bin_attrs, &list, NULL) || !list)
		return false;
	for (i = 0; i < ATTRS_MAX && !kread_u64(k, list + 8 * i, &attr, NULL) && attr; i++)
		if (id_of_attr(k, attr, hex))
			return true;
	return false;
}

bool module_build_id(struct kernel *k, kvaddr_t mod, char hex[MODULE_ID_SIZE])
{
	uint8_t id[ID_MAX];
	uint64_t notes;
	size_t i;

	hex[0] = 0;
	if (!kread_member(k, mod, L_module_notes_attrs, &notes, NULL) && notes &&
	    id_of_notes(k, notes, hex))
		return true;
	if (!layout_has(&k->layout, L_module_build_id) ||
	    layout_size(&k->layout, L_module_build_id) != ID_MAX ||
	    kmem_read(&k->km, kmember_addr(k, mod, L_module_build_id), id, ID_MAX, NULL))
		return false;
	for (i = 0; i < ID_MAX && !id[i]; i++)
		;
	if (i == ID_MAX)
		return false;
	put_hex(id, ID_MAX, hex);
	return true;
}
