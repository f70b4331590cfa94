/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed growing arrays. DEFINE_VEC(vma_vec, struct vma) makes struct vma_vec { v, n, cap } with
 * vma_vec_push() and vma_vec_free(). Zero-initialise. Growth fails with false; the vec stays as it was.
 */
#ifndef VMSIFT_UTIL_VEC_H
#define VMSIFT_UTIL_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline bool vec_grow_(void **v, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap + *cap / 2 + 1 : 8;
	void *p;

	if (n < *cap)
		return true;
	if (want > SIZE_MAX / 2 / size)
		return false;
	p = realloc(*v, want * size);
	if (!p)
		return false;
	*v = p;
	*cap = want;
	return true;
}

#define DECLARE_VEC(name, type)                                                                    \
	struct name {                                                                              \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

#define DEFINE_VEC_FUNCS(name, type)                                                               \
	__attribute__((unused)) static inline bool name##_push(struct name *vec, type item)        \
	{                                                                                          \
		if (!vec_grow_((void **)&vec->v, &vec->cap, vec->n, sizeof(type)))                 \
			return false;                                                              \
		vec->v[vec->n++] = item;                                                           \
		return true;                                                                       \
	}                                                                                          \
	__attribute__((unused)) static inline void name##_free(struct name *vec)                   \
	{                                                                                          \
		free(vec->v);                                                                      \
		vec->v = NULL;                                                                     \
		vec->n = vec->cap = 0;                                                             \
	}

#define DEFINE_VEC(name, type)                                                                     \
	DECLARE_VEC(name, type);                                                                   \
	DEFINE_VEC_FUNCS(name, type)

/* An empty vec has no array: NULL + 0 is not C's. */
#define vec_for_each(it, vec)                                                                      \
	for ((it) = (vec)->v; (it) && (it) < (vec)->v + (vec)->n; (it)++)

#endif
