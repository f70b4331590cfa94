/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single sinks: paths, descriptors, pipes, holes, budgets, full targets. Directories:
 * test_outdir.c. */
#undef NDEBUG
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "files.h"
#include "sink/sink.h"
#include "util/types.h"

static struct files tmp;

#define K 1024u
#define M (1024u * 1024u)

static void check_file(const char *path, const char *want, size_t size)
{
	size_t got;
	char *buf = read_file(path, &got);

	assert_non_null(buf);
	assert_int_equal(got, size);
	assert_memory_equal(buf, want, size);
	free(buf);
}

static void test_paths_that_are_opened_or_refused(void **state)
{
	static const struct {
		const char *what, *setup, *path;
		bool force;
		int rc;
		const char *text; /* the end of the message */
	} rows[] = {
		{ "a new file", "true", "new", false, 0, NULL },
		{ "a new file, forced", "true", "new2", true, 0, NULL },
		{ "a file that is there", "echo old > there", "there", false, ERR_EXIST,
		  "/there: exists already" },
		{ "an empty file that is there", "> there", "there", false, ERR_EXIST,
		  "/there: exists already" },
		{ "a file that is there, forced", "echo old text > there", "there", true, 0, NULL },
		{ "a link to a file", "echo x > t; ln -sf t link", "link", false, ERR_EXIST,
		  "/link: exists already" },
		{ "a link to nothing", "ln -sf nowhere dangling", "dangling", false, ERR_NOTFOUND,
		  "/dangling: No such file or directory" },
		{ "a link to nothing, forced", "true", "dangling", true, ERR_NOTFOUND,
		  "/dangling: No such file or directory" },
		{ "in a directory that is missing", "true", "missing/out", false, ERR_NOTFOUND,
		  "/missing/out: No such file or directory" },
		{ "a directory", "mkdir dir", "dir", false, ERR_IO, "/dir: Is a directory" },
		{ "a directory, forced", "true", "dir", true, ERR_IO, "/dir: Is a directory" },
		{ "below a file", "> plain", "plain/out", false, ERR_IO,
		  "/plain/out: Not a directory" },
	};
	struct sink *s;
	struct err err;
	char *end;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		s = NULL;
		memset(&err, 0, sizeof(err));
		assert_int_equal(shell("cd '%s' && %s", tmp.dir, rows[i].setup), 0);
		rc = sink_open_path(in_dir(&tmp, rows[i].path), rows[i].force, &s, &err);
		if (rc != rows[i].rc)
			fail_msg("%s: %d, %s", rows[i].what, rc, err.text);
		if (rc) {
			end = strstr(err.text, rows[i].text);
			if (!end || strcmp(end, rows[i].text))
				fail_msg("%s: %s", rows[i].what, err.text);
			assert_null(s);
			continue;
		}
		assert_true(sink_seekable(s));
		assert_int_equal(sink_write(s, "core", 4, &err), 0);
		assert_int_equal(sink_size(s), 4);
		assert_string_equal(sink_name(s), in_dir(&tmp, rows[i].path));
		assert_int_equal(sink_close(s, &err), 0);
		check_file(in_dir(&tmp, rows[i].path), "core", 4);
	}
	/* What was refused is as it was. */
	check_file(in_dir(&tmp, "t"), "x\n", 2);
}

static void test_new_files_are_private(void **state)
{
	struct sink *s;
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(sink_open_path(in_dir(&tmp, "private"), false, &s, NULL), 0);
	umask(022);
	assert_int_equal(sink_close(s, NULL), 0);
	assert_int_equal(stat(in_dir(&tmp, "private"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_holes_and_bytes_written_later(void **state)
{
	const char *path = in_dir(&tmp, "holes");
	struct err err = { 0 };
	struct sink *s;
	struct stat st;
	char buf[8];
	int fd;

	(void)state;
	assert_int_equal(sink_open_path(path, true, &s, &err), 0);
	assert_int_equal(sink_skip(s, 64 * K, &err), 0);
	assert_int_equal(sink_write(s, "middle", 6, &err), 0);
	assert_int_equal(sink_skip(s, (uint64_t)1 << 32, &err), 0);
	assert_int_equal(sink_pwrite(s, 1, "head", 4, &err), 0);
	assert_int_equal(sink_pwrite(s, 64 * K + 6 + 4, "x", 1, &err), 0);
	assert_int_equal(sink_size(s), 64 * K + 6 + ((uint64_t)1 << 32));
	assert_int_equal(sink_pwrite(s, sink_size(s) - 1, "ab", 2, &err), ERR_INVALID);
	assert_non_null(
		strstr(err.text, "holes: offset 0x100010005 + 0x2 is past what was written"));
	assert_int_equal(sink_pwrite(s, UINT64_MAX, "ab", 2, &err), ERR_INVALID);
	assert_int_equal(sink_skip(s, UINT64_MAX - 10, &err), ERR_NOSPACE);
	assert_int_equal(sink_skip(s, INT64_MAX, &err), ERR_NOSPACE);
	assert_non_null(strstr(err.text, "holes: larger than any file"));
	assert_int_equal(sink_close(s, &err), 0);

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 64 * K + 6 + ((uint64_t)1 << 32));
	assert_true(st.st_blocks * 512 < 256 * K);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, buf, 8, 0), 8);
	assert_memory_equal(buf, "\0head\0\0\0", 8);
	assert_int_equal(pread(fd, buf, 8, 64 * K - 1), 8);
	assert_memory_equal(buf, "\0middle\0", 8);
	assert_int_equal(pread(fd, buf, 1, 64 * K + 10), 1);
	assert_int_equal(buf[0], 'x');
	close(fd);
	unlink(path);
}

/* Where a hole, or a write at an offset, would show or hit bytes of others, zeros are written. */
static void test_descriptors_with_bytes_of_others(void **state)
{
	static const struct {
		const char *what;
		int flags;
		off_t at; /* where the descriptor stands */
		bool seekable;
		const char *want;
		size_t size;
	} rows[] = {
		{ "at the end", 0, 8, true, "01234567a\0\0\0\0z", 14 },
		{ "at the end, appending", O_APPEND, 8, false, "01234567a\0\0\0\0b", 14 },
		{ "at the start of old bytes", 0, 0, false, "a\0\0\0\0b67", 8 },
		{ "emptied", O_TRUNC, 0, true, "a\0\0\0\0z", 6 },
		{ "emptied, behind the end", O_TRUNC, 2, true, "\0\0a\0\0\0\0z", 8 },
	};
	const char *path = in_dir(&tmp, "shared");
	struct err err = { 0 };
	struct sink *s;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		write_file(path, "01234567");
		fd = open(path, O_WRONLY | rows[i].flags);
		lseek(fd, rows[i].at, SEEK_SET);
		assert_int_equal(sink_open_fd(fd, "standard output", &s, &err), 0);
		if (sink_seekable(s) != rows[i].seekable)
			fail_msg("%s: seekable or not", rows[i].what);
		assert_int_equal(sink_write(s, "a", 1, &err), 0);
		assert_int_equal(sink_skip(s, 4, &err), 0);
		assert_int_equal(sink_write(s, "b", 1, &err), 0);
		if (rows[i].seekable) {
			assert_int_equal(sink_pwrite(s, 5, "z", 1, &err), 0);
		} else {
			assert_int_equal(sink_pwrite(s, 5, "z", 1, &err), ERR_INVALID);
			assert_string_equal(err.text,
					    "standard output: cannot be written out of order");
		}
		assert_int_equal(sink_close(s, &err), 0);
		check_file(path, rows[i].want, rows[i].size);
		/* Still open, and behind what was written, for whoever writes next. */
		assert_int_equal(write(fd, "+", 1), 1);
		close(fd);
		assert_int_equal(shell("[ $(tr -cd + < '%s' | wc -c) = 1 ]", path), 0);
	}
}

/* A child that copies the pipe to a file, slowly at first. */
static pid_t slow_reader(int *to, const char *path)
{
	char buf[4096];
	int p[2], fd;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid) {
		close(p[0]);
		*to = p[1];
		return pid;
	}
	close(p[1]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	usleep(50000);
	while ((n = read(p[0], buf, sizeof(buf))) > 0) {
		usleep(200);
		if (write(fd, buf, (size_t)n) != n)
			_exit(1);
	}
	_exit(n ? 1 : 0);
}

static volatile sig_atomic_t nr_alarms;

static void on_alarm(int sig)
{
	(void)sig;
	nr_alarms++;
}

/* Signals interrupt writes and cut them short, a non-blocking pipe says EAGAIN; all arrives. */
static void test_pipes_with_signals_and_without_blocking(void **state)
{
	static const int flags[] = { 0, O_NONBLOCK };
	struct itimerval every = { { 0, 4000 }, { 0, 4000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = on_alarm }; /* without SA_RESTART */
	const char *path = in_dir(&tmp, "piped");
	static char data[M];
	char *got;
	struct err err = { 0 };
	uint64_t rnd = 7;
	struct sink *s;
	size_t i, size;
	int fd, st;
	pid_t pid;

	(void)state;
	for (i = 0; i < M; i++)
		data[i] = (char)next_random(&rnd);
	sigaction(SIGALRM, &act, NULL);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		pid = slow_reader(&fd, path);
		fcntl(fd, F_SETFL, flags[i]);
		assert_int_equal(sink_open_fd(fd, "pipe", &s, &err), 0);
		assert_false(sink_seekable(s));
		setitimer(ITIMER_REAL, &every, NULL);
		if (sink_write(s, data, M, &err) || sink_skip(s, 100 * K, &err) ||
		    sink_write(s, "end", 3, &err) || sink_close(s, &err))
			fail_msg("%s", err.text);
		setitimer(ITIMER_REAL, &never, NULL);
		close(fd);
		assert_int_equal(waitpid(pid, &st, 0), pid);
		assert_int_equal(st, 0);
		got = read_file(path, &size);
		assert_int_equal(size, M + 100 * K + 3);
		assert_memory_equal(got, data, M);
		memset(data, 0, 100 * K);
		assert_memory_equal(got + M, data, 100 * K);
		assert_memory_equal(got + M + 100 * K, "end", 3);
		memcpy(data, got, M);
		free(got);
	}
	signal(SIGALRM, SIG_DFL);
	assert_true(nr_alarms > 2);
}

static void test_reader_that_has_gone_is_an_error(void **state)
{
	struct err err = { 0 };
	struct sink *s;
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(sink_open_fd(p[1], "standard output", &s, &err), 0);
	close(p[0]);
	assert_int_equal(sink_write(s, "x", 1, &err), ERR_IO);
	assert_string_equal(err.text, "standard output: Broken pipe");
	sink_abort(s, SINK_KEEP);
	close(p[1]);
	assert_int_equal(sink_open_fd(-1, "standard output", &s, &err), ERR_IO);
	assert_string_equal(err.text, "standard output: Bad file descriptor");
}

static void test_fifo_named_as_output(void **state)
{
	const char *path = in_dir(&tmp, "fifo");
	struct err err = { 0 };
	struct sink *s;

	(void)state;
	assert_int_equal(shell("mkfifo '%s' && cat '%s' > '%s.copy' &", path, path, path), 0);
	while (access(path, F_OK))
		usleep(1000);
	assert_int_equal(sink_open_path(path, false, &s, &err), 0);
	assert_int_equal(sink_skip(s, 3, &err), 0);
	assert_int_equal(sink_write(s, "core", 4, &err), 0);
	assert_int_equal(sink_close(s, &err), 0);
	/* The reader is a background job: wait until it has written all. */
	assert_int_equal(shell("for i in 1 2 3 4 5 6 7 8 9; do [ -s '%s.copy' ] && exit 0; "
			       "sleep 0.1; done; exit 1",
			       path),
			 0);
	check_file(in_dir(&tmp, "fifo.copy"), "\0\0\0core", 7);
}

static void test_full_targets(void **state)
{
	struct rlimit old, limit;
	struct err err = { 0 };
	struct sink *s;

	(void)state;
	assert_int_equal(sink_open_path("/dev/full", false, &s, &err), 0);
	assert_int_equal(sink_write(s, "x", 1, &err), ERR_NOSPACE);
	assert_string_equal(err.text, "/dev/full: No space left on device");
	assert_int_equal(sink_skip(s, 1, &err), ERR_NOSPACE);
	sink_abort(s, SINK_REMOVE);
	assert_int_equal(access("/dev/full", F_OK), 0);

	/* EFBIG, in the middle of a write. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ 6, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(sink_open_path(in_dir(&tmp, "limited"), false, &s, &err), 0);
	assert_int_equal(sink_write(s, "0123456789", 10, &err), ERR_NOSPACE);
	assert_non_null(strstr(err.text, "/limited: File too large"));
	sink_abort(s, SINK_KEEP);
	assert_int_equal(sink_open_path(in_dir(&tmp, "limited2"), false, &s, &err), 0);
	assert_int_equal(sink_skip(s, 7, &err), 0);
	assert_int_equal(sink_close(s, &err), ERR_NOSPACE);
	assert_non_null(strstr(err.text, "/limited2: File too large"));
	setrlimit(RLIMIT_FSIZE, &old);
	check_file(in_dir(&tmp, "limited"), "012345", 6);
}

static void test_budget(void **state)
{
	struct sink_budget budget = { .max = 10 };
	struct err err = { 0 };
	struct sink *a, *b;
	struct out out;

	(void)state;
	assert_int_equal(sink_open_path(in_dir(&tmp, "a"), true, &a, &err), 0);
	assert_int_equal(sink_open_path(in_dir(&tmp, "b"), true, &b, &err), 0);
	sink_set_budget(a, &budget);
	sink_set_budget(b, &budget);
	out = sink_out(a);
	assert_int_equal(out_write(&out, "123456", 6, &err), 0);
	assert_int_equal(sink_skip(a, 1000, &err), 0); /* holes are free */
	assert_int_equal(sink_write(b, "12345", 5, &err), ERR_BUDGET);
	assert_non_null(strstr(err.text, "/b: 5 bytes more would exceed the limit of 10"));
	assert_int_equal(sink_size(b), 0);
	assert_int_equal(sink_write(b, "1234", 4, &err), 0);
	assert_int_equal(sink_pwrite(a, 0, "x", 1, &err), ERR_BUDGET);
	assert_int_equal(sink_write(a, "x", 1, &err), ERR_BUDGET);
	assert_int_equal(budget.used, 10);
	budget.max = 11;
	assert_int_equal(sink_pwrite(a, 0, "x", 1, &err), 0);
	budget.max = 5; /* less than is used already */
	assert_int_equal(sink_write(a, "x", 1, &err), ERR_BUDGET);
	assert_int_equal(sink_write(a, "", 0, &err), 0);
	sink_set_budget(a, NULL);
	assert_int_equal(sink_write(a, "x", 1, &err), 0);
	assert_int_equal(sink_close(a, &err), 0);
	assert_int_equal(sink_close(b, &err), 0);
	check_file(in_dir(&tmp, "b"), "1234", 4);

	/* Where zeros must be written they count, and none are written if not all fit. */
	assert_int_equal(sink_open_path("/dev/null", false, &a, &err), 0);
	budget = (struct sink_budget){ .max = 100 * K };
	sink_set_budget(a, &budget);
	assert_int_equal(sink_skip(a, 100 * K + 1, &err), ERR_BUDGET);
	assert_int_equal(budget.used, 0);
	assert_int_equal(sink_skip(a, 100 * K, &err), 0);
	assert_int_equal(budget.used, 100 * K);
	assert_int_equal(sink_close(a, &err), 0);
}

static int make_files(void **state)
{
	(void)state;
	umask(022);
	return files_make(&tmp) ? 0 : -1;
}

static int remove_files(void **state)
{
	(void)state;
	files_remove(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_that_are_opened_or_refused),
		cmocka_unit_test(test_new_files_are_private),
		cmocka_unit_test(test_holes_and_bytes_written_later),
		cmocka_unit_test(test_descriptors_with_bytes_of_others),
		cmocka_unit_test(test_pipes_with_signals_and_without_blocking),
		cmocka_unit_test(test_reader_that_has_gone_is_an_error),
		cmocka_unit_test(test_fifo_named_as_output),
		cmocka_unit_test(test_full_targets),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
