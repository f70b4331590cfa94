/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One error type. The function that fails says the cause with err_set(), every caller puts in front
 * what it was doing with err_add(); the text then reads from the outside in:
 * "process 4711 (mysqld): vm_area_struct 0xffff888104ac2000: page frame 0x104ac2 is not in the dump".
 */
#ifndef VMSIFT_UTIL_ERR_H
#define VMSIFT_UTIL_ERR_H

enum err_code {
	ERR_OK = 0,
	ERR_ABSENT,	 /* not in the dump: outside its segments, filtered out, or unreadable there */
	ERR_CORRUPT,	 /* the dump contradicts itself */
	ERR_NOMEM,	 /* no memory left for us */
	ERR_IO,		 /* the system refused a read or write */
	ERR_NOSPACE,	 /* the target is full */
	ERR_FORMAT,	 /* the input is not what it should be */
	ERR_UNSUPPORTED, /* understood, and not handled */
	ERR_NOTFOUND,	 /* nothing of that name, or nothing matched */
	ERR_EXIST,	 /* the output is there already */
	ERR_INVALID,	 /* the caller's words are off: usage or configuration */
	ERR_BUDGET,	 /* a limit of bytes or time that was asked for has been reached */
	ERR_INTERRUPTED, /* a signal asked us to stop */
};

#define ERR_TEXT_SIZE 512

/* Zero-initialise: struct err err = {0}. Bytes that a terminal might obey are never stored. */
struct err {
	int rc;
	char text[ERR_TEXT_SIZE];
};

/**
 * err_set() - start an error at its cause
 * @err: where to say it; may be NULL
 * @rc:  enum err_code, not ERR_OK
 *
 * Return: @rc, so that "return err_set(...)" is one line.
 */
int err_set(struct err *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/**
 * err_errno() - start an error from errno: ENOSPC, EDQUOT and EFBIG become ERR_NOSPACE, ENOMEM
 * ERR_NOMEM, ENOENT ERR_NOTFOUND, EEXIST ERR_EXIST, the rest ERR_IO; its text is appended
 */
int err_errno(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * err_add() - put what the caller was doing, and ": ", in front
 *
 * Return: the code that @err bears; ERR_IO where @err is NULL (the code is then unknown).
 */
int err_add(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define err_nomem(err) err_set((err), ERR_NOMEM, "out of memory")

#ifdef VMSIFT_ANALYZE
/* What static analysis cannot see from here, and without which it takes failures for success: never 0. */
static inline int err_code_of(int rc)
{
#ifdef __clang__ /* it goes into a function of one block however deep it is by then */
	__builtin_assume(rc != 0);
#else
	if (!rc)
		__builtin_unreachable();
#endif
	return rc;
}

#define err_set(...)   err_code_of(err_set(__VA_ARGS__))
#define err_errno(...) err_code_of(err_errno(__VA_ARGS__))
#define err_add(...)   err_code_of(err_add(__VA_ARGS__))
#endif

#endif
