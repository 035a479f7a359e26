/*
 * Work on a stranger's bytes in a process of its own, that a limit or a crash may end without harm.
 *
 * The program starts itself again (process_self) with a word that leads it to the work. The child
 * confines itself with process_confine before it reads a first byte; what it does until then is our
 * own code alone, so whoever starts it need not reach between fork and exec: process_run does it
 * with posix_spawn, and an event loop may do it with its own means (uv_spawn), keep the same limits
 * of time and output, and ask process_judge what came of it.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct process_limits {
    /* What the child takes upon itself. */
    size_t memory_bytes; /* of data: heap and anonymous memory */
    unsigned cpu_s;
    unsigned files;    /* open at a time, standard streams counted; none can be written to */
    const char *reads; /* the one folder beneath which it may still read files; NULL: none */
    /* What its parent sees to. */
    int64_t wall_ms;
    size_t output_bytes;
};

enum process_end {
    PROCESS_DONE,      /* exit status 0 */
    PROCESS_REFUSED,   /* exit status 1: the input is bad, and the output says why */
    PROCESS_TOO_LARGE, /* more memory or output than allowed */
    PROCESS_TOO_LONG,  /* more time or processor time than allowed */
    PROCESS_CRASHED    /* a signal, or any other exit status */
};

/* In the child, first of all: take the limits upon ourselves, for good. No core dump, no new
 * privileges, no file written, no further process (root apart), no folder read but `reads` (where
 * the kernel knows Landlock), and the end when the thread that started it ends. Under
 * AddressSanitizer, which needs terabytes of addresses, memory is not limited. ERR_IO with a
 * sentence; then do not go on. */
int process_confine(const struct process_limits *limits, struct err *err);

/* The program that is running, for argv[0] and the path of a child. Valid even when the file was
 * replaced by an update. */
#define PROCESS_SELF "/proc/self/exe"

/*
 * Run the program at `path` with `argv` (NULL at its end), give it `input` on standard input and
 * append its standard output to `out`. Its environment is empty but for TZDIR; standard error is
 * ours; no other descriptor reaches it. Blocks at most limits->wall_ms and a moment; safe from any
 * thread. A child that stops reading early is no error.
 *
 * 0, and *end says what came of it; with anything but PROCESS_DONE and PROCESS_REFUSED the output
 * is incomplete and to be thrown away. ERR_IO or another code of the system's when it could not be
 * started.
 */
int process_run(const char *path, const char *const argv[], const void *input, size_t len,
                const struct process_limits *limits, struct buf *out, enum process_end *end,
                struct err *err);

/* What came of a child, from its exit status (when term_signal is 0) or the signal that ended it,
 * as uv_spawn's exit callback gets them. `overtime` and `overflow`: its parent killed it because
 * it took too long, or because its output grew too large. */
enum process_end process_judge(int64_t exit_status, int term_signal, bool overtime, bool overflow);

/* "took too long", ...: to stand after a name; never NULL. */
const char *process_end_words(enum process_end end);

#endif
