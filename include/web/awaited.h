/*
 * What becomes of the messages that wait: when each will really go, or why it will not, as the gate
 * would decide (send/foretell.h). The answer comes from another process, which takes some tens of
 * milliseconds, so the latest answers are kept for a little while; used from the lane of pages
 * alone.
 */
#ifndef WEB_AWAITED_H
#define WEB_AWAITED_H

#include <stddef.h>

#include "send/foretell.h"
#include "store/queries.h"
#include "web/visit.h"

#define AWAITED_MAX 8                   /* answers that are kept */
#define AWAITED_FRESH_MS INT64_C(10000) /* for so long, if the messages are the same */

struct awaited;

struct awaited *awaited_create(void);
void awaited_free(struct awaited *a); /* NULL does nothing */

/* About the messages in a list; valid until the next call. Nothing is told of the messages of more
 * than FORETELL_CLIENTS_MAX clients, and of none when the answer is not to be had (the files of the
 * configuration have errors): then they are due at the times of their rows, as far as is known. */
const struct foretelling *awaited_ask(struct visit *v, const struct outbox_row *rows, size_t count);

/* A message that waits, with what becomes of it. */
struct awaited_row {
    const struct outbox_row *row;
    const struct foretold *told; /* NULL: nothing is known */
    int64_t at_ms;               /* when it goes, or would go by its row */
};

/* Those of a list in the order in which they go, with what awaited_ask says of them; as long as
 * that and the rows are valid. free() it. */
struct awaited_row *awaited_rows(struct visit *v, const struct outbox_row *rows, size_t count);

#endif
