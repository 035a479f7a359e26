/*
 * Reading ahead. See store/preread.h.
 *
 * Two batches: rows are taken from one while the thread reads the other; when one is used up they
 * change places. Reading takes a third of what planning takes, so there is seldom anything to wait
 * for.
 *
 * What was read still stands when nothing that it was read from has changed between the order and
 * the transaction that takes it. It was read at some moment between the two, from what had been
 * committed by then. There are three that could have changed it:
 *
 * - Other connections. At both ends we note PRAGMA data_version, which tells of their commits. The
 *   same at both: they have committed nothing in between.
 * - We, after the order. Whatever statement of this connection writes into a table that a stretch
 * is read from is counted (records_written). SQLite itself tells which statements do, when they are
 *   prepared, so none can be forgotten. The same count at both ends: none in between. The marks
 *   that a stretch was planned are not counted: they concern stretches that were taken before.
 * - We, in the transaction of the order, before it: committed later, it may be too late to be read.
 *   So in a transaction that has counted any nothing is ordered.
 *
 * What does not stand is forgotten, and read again in the transaction itself. A draft, whose rows
 * are seen by its own connection alone, never has any of this.
 */
#include "store/preread.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/beside.h"
#include "store/internal.h"
#include "store/tenure.h"

struct batch {
    struct stretch_rows rows[PREREAD_STRETCHES];
    size_t count, taken;
    int64_t version;  /* data_version when it was ordered */
    uint64_t written; /* records_written then */
};

struct preread {
    struct store *reader;
    struct beside *thread;
    struct batch batches[2];
    struct batch *now, *next; /* the one that is taken from; the one that is read, if it has any */
};

/* --- what we write ourselves --- */

static bool is_read_from(const char *table)
{
    static const char *const tables[] = {"entity", "event", "appointment", "client", "consent"};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(table, tables[i]) == 0)
            return true;
    return false;
}

/* SQLite asks for each thing that a statement does, when it is prepared. */
static int note_write(void *arg, int action, const char *table, const char *detail,
                      const char *database, const char *trigger)
{
    struct store *s = arg;

    if ((action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE) &&
        is_read_from(table)) {
        s->records_written++;
        s->writes_records = true;
    }
    return SQLITE_OK;
}

void preread_attend(struct store *s)
{
    sqlite3_set_authorizer(s->db, note_write, s);
}

/* --- on the thread --- */

static bool read_batch(void *arg)
{
    struct preread *p = arg;
    int rc = store_begin_reading(p->reader);

    for (size_t i = 0; rc == 0 && i < p->next->count; i++)
        rc = store_stretch_read(p->reader, p->next->rows[i].at, &p->next->rows[i]);
    store_rollback(p->reader);
    return rc == 0;
}

/* --- beside it --- */

void store_preread_allow(struct store *s)
{
    s->prereads = true;
}

/* The file is known to be ours after it was opened. */
static struct preread *open_it(struct store *s)
{
    struct preread *p = mem_zalloc(sizeof(*p));
    struct err err = {""};

    p->thread = beside_create(read_batch, p, "the one that reads ahead");
    p->now = &p->batches[0];
    p->next = &p->batches[1];
    s->preread = p;
    if (store_open(s->path, STORE_READ, &p->reader, &err) != 0 || store_aside(p->reader) != 0 ||
        store_displaced(s)) {
        store_preread_end(s);
        s->prereads = false; /* once is enough: it was to save time */
    }
    return s->preread;
}

void store_preread_end(struct store *s)
{
    struct preread *p = s->preread;

    if (p == NULL)
        return;
    beside_free(p->thread);
    for (int b = 0; b < 2; b++)
        for (size_t i = 0; i < PREREAD_STRETCHES; i++)
            stretch_rows_close(&p->batches[b].rows[i]);
    store_close(p->reader);
    free(p);
    s->preread = NULL;
}

static bool stands(struct store *s, const struct batch *b)
{
    int64_t version;

    return b->written == s->records_written && store_data_version(s, &version) == 0 &&
           b->version == version;
}

static void forget(struct preread *p)
{
    beside_wait(p->thread);
    p->now->count = p->now->taken = 0;
    p->next->count = p->next->taken = 0;
}

/* The other batch's turn; false: it has none. */
static bool turn_over(struct preread *p)
{
    struct batch *used = p->now;

    if (p->next->count == 0)
        return false;
    if (!beside_wait(p->thread)) {
        forget(p);
        return false;
    }
    used->count = used->taken = 0;
    p->now = p->next;
    p->next = used;
    return true;
}

const struct stretch_rows *store_preread_take(struct store *s, struct stretch at)
{
    struct preread *p = s->preread;

    if (p == NULL || (p->now->taken == p->now->count && !turn_over(p)))
        return NULL;
    const struct stretch_rows *rows = &p->now->rows[p->now->taken];
    if (rows->at.first != at.first || rows->at.last != at.last || !stands(s, p->now)) {
        forget(p);
        return NULL;
    }
    p->now->taken++;
    return rows;
}

bool store_preread_wants(struct store *s, int64_t *after)
{
    const struct preread *p = s->preread;

    *after = INT64_MIN;
    if (p != NULL && p->now->taken < p->now->count)
        *after = p->now->rows[p->now->count - 1].at.last;
    return s->prereads && s->records_written == s->records_settled &&
           (p == NULL || p->next->count == 0);
}

void store_preread_order(struct store *s, const struct stretch *list, size_t count)
{
    if (count == 0)
        return;
    struct preread *p = s->preread != NULL ? s->preread : open_it(s);
    if (p == NULL || store_data_version(s, &p->next->version) != 0)
        return;
    p->next->written = s->records_written;
    for (size_t i = 0; i < count; i++)
        p->next->rows[i].at = list[i];
    p->next->count = count;
    beside_start(p->thread);
}
