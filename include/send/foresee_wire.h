/*
 * What a change would send, or what becomes of that which waits, asked of a process of its own
 * (send/lookahead.h stops the clock): the question and the answer as JSON, for both ends.
 */
#ifndef SEND_FORESEE_WIRE_H
#define SEND_FORESEE_WIRE_H

#include "base/buf.h"
#include "send/foresee.h"
#include "send/foretell.h"

#define FORESEE_CHILD_WORD "foresee-child" /* the one argument that leads a process to the work */

/* What the child needs to know; all strings are borrowed by foresee_put_question and owned by
 * foresee_take_question. */
struct foresee_question {
    char *dir;         /* of betimes.conf */
    char *credentials; /* $CREDENTIALS_DIRECTORY; NULL: none */
    int64_t client_id, now_ms;
    struct row_change change;
    struct consent_line *consents; /* not of the change: of these; NULL: none */
    size_t consent_count;
    int64_t *waiting; /* not of the change: of what waits for these clients; NULL: of the change */
    size_t waiting_count;
};
void foresee_question_close(struct foresee_question *q);

void foresee_put_question(const struct foresee_question *q, struct buf *out);
/* false: it is none. */
bool foresee_take_question(const char *text, size_t len, struct foresee_question *out);

void foresee_put_answer(const struct foresight *f, struct buf *out);
void foretell_put_answer(const struct foretelling *f, struct buf *out);
void foresee_put_trouble(const char *words, struct buf *out);
/* 0; ERR_INVALID with the words of the trouble that was told instead; ERR_CORRUPT: it is none. */
int foresee_take_answer(const char *text, size_t len, struct foresight *out, struct err *err);
int foretell_take_answer(const char *text, size_t len, struct foretelling *out, struct err *err);

#endif
