/*
 * What a change would send, for the page that asks before it is made. It is thought through in a
 * process of its own (send/foresee.h), which takes some tens of milliseconds.
 */
#ifndef WEB_FORESIGHT_H
#define WEB_FORESIGHT_H

#include "base/err.h"
#include "send/foresee_wire.h"
#include "web/visit.h"
#include "web/words.h"

/* Ask. `client_id`: the record's. 0, or a code with a sentence for the person. foresight_close in
 * any case. Not on the loop. */
int foresight_ask(struct visit *v, const struct row_change *change, int64_t client_id,
                  struct foresight *out, struct err *err);

/* The same for what a client says of consent. */
int foresight_ask_consents(struct visit *v, const struct consent_line *list, size_t count,
                           int64_t client_id, struct foresight *out, struct err *err);

/* Ask in general: all of `asked` but the folder and the credentials. Appends the answer. 0, or a
 * code with a sentence, which is in the log then. Blocks at most `patience_ms`. */
int foresight_think(struct visit *v, const struct foresee_question *asked, int64_t patience_ms,
                    struct buf *answer, struct err *err);

/* Tell it under this title: what goes, what moves, what does not, with the words on request; the
 * sentence `none` if there is nothing to tell. */
void foresight_show(struct visit *v, const struct foresight *f, enum word title, enum word none);

#endif
