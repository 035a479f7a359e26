/*
 * Which messages on the wire have passed their point of no return, in a form that survives the
 * death of the process: a small file mapped into memory (DATABASE.marks), one mark for each message
 * in flight. Setting a mark is one store, from any thread; no commit and no sync stands between the
 * decision and the wire.
 *
 * What it promises after a crash: when the process died and the machine lives, the kernel still has
 * every mark, and marks_passed tells exactly. After a power cut or a reset (another boot, RFC 4122
 * id of the kernel's) nobody knows what reached the disk: everything claimed counts as passed. So
 * it does when the file is missing, damaged, or was never to be had.
 *
 * When things fail: without a file (the disk is full) there are no marks, and after a crash all
 * that was in flight counts as passed: more caution, never less.
 */
#ifndef SEND_MARKS_H
#define SEND_MARKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define MARKS_MAX 4096 /* messages in flight at once, far above what gateways take */

struct marks;

/* Open (or make) the file. What an earlier run left is kept until marks_forget; what has not passed
 * by now never will, should that run only have been asleep: its marks are revoked. Never NULL: when
 * it cannot be opened, `err` says why and the marks are without a file. */
struct marks *marks_open(const char *path, struct err *err);
void marks_close(struct marks *m);

/* May the earlier run have passed the point of no return with this attempt at this message? */
bool marks_passed(const struct marks *m, int64_t message_id, int attempt);

/* Was it surely accepted? */
bool marks_sent(const struct marks *m, int64_t message_id, int attempt);

/* What the earlier run left is settled and committed: from here on the marks are this run's, in a
 * file of their own, so that the earlier one cannot meddle with them. */
void marks_forget(struct marks *m);

/* A mark for a message that is about to be handed to its gateway; NULL when all are taken. Not
 * before marks_forget. */
struct mark *marks_take(struct marks *m, int64_t message_id, int attempt);
atomic_uint *mark_flag(struct mark *k);
/* Its outcome is committed. NULL does nothing. */
void marks_drop(struct marks *m, struct mark *k);

#endif
