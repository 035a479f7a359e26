/* What becomes of the messages that wait. See web/awaited.h. */
#include "web/awaited.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/users.h"
#include "web/foresight.h"
#include "web/messages.h"

#define PATIENCE_MS 2000 /* other pages wait meanwhile */

struct awaited {
    struct answer_kept {
        uint64_t asked; /* a fingerprint of what was asked about; 0: empty */
        int64_t at_ms;
        struct foretelling told;
    } items[AWAITED_MAX];
    size_t next; /* the oldest */
};

struct awaited *awaited_create(void)
{
    return mem_zalloc(sizeof(struct awaited));
}

void awaited_free(struct awaited *a)
{
    for (size_t i = 0; a != NULL && i < AWAITED_MAX; i++)
        foretelling_close(&a->items[i].told);
    free(a);
}

/* A row that was planned again, or under another configuration, is another question; and what
 * somebody did may answer it anew (a pause, a consent). */
static uint64_t fingerprint(const struct visit *v, const struct outbox_row *rows, size_t count)
{
    uint64_t hash = str_hash(&v->site->number, sizeof(v->site->number), 0);
    int64_t done = 0;

    if (store_audit_last(v->store, &done) == 0)
        hash = str_hash(&done, sizeof(done), hash);
    for (size_t i = 0; i < count; i++) {
        const int64_t row[] = {rows[i].id, rows[i].due_ms, rows[i].next_ms, rows[i].state,
                               rows[i].channel};
        hash = str_hash(row, sizeof(row), hash);
    }
    return hash != 0 ? hash : 1;
}

static size_t clients_of(const struct outbox_row *rows, size_t count,
                         int64_t ids[FORETELL_CLIENTS_MAX])
{
    size_t found = 0;

    for (size_t i = 0; i < count && found < FORETELL_CLIENTS_MAX; i++) {
        size_t k = 0;
        while (k < found && ids[k] != rows[i].client_id)
            k++;
        if (k == found && rows[i].client_id != 0)
            ids[found++] = rows[i].client_id;
    }
    return found;
}

/* What is not told stays unknown, and is not asked for again at once either. */
static void ask(struct visit *v, const int64_t *ids, size_t count, struct foretelling *out)
{
    const struct foresee_question q = {
        .now_ms = v->now_ms, .waiting = (int64_t *)(uintptr_t)ids, .waiting_count = count};
    struct err err = {""};
    struct buf answer;

    buf_init(&answer);
    if (foresight_think(v, &q, PATIENCE_MS, &answer, &err) == 0)
        (void)foretell_take_answer(answer.data, answer.len, out, &err);
    buf_close(&answer);
}

const struct foretelling *awaited_ask(struct visit *v, const struct outbox_row *rows, size_t count)
{
    static const struct foretelling nothing;
    struct awaited *a = v->awaited;
    uint64_t asked = fingerprint(v, rows, count);
    int64_t ids[FORETELL_CLIENTS_MAX];
    size_t clients = clients_of(rows, count, ids);

    if (clients == 0)
        return &nothing;
    for (size_t i = 0; i < AWAITED_MAX; i++)
        if (a->items[i].asked == asked && v->now_ms >= a->items[i].at_ms &&
            v->now_ms < a->items[i].at_ms + AWAITED_FRESH_MS)
            return &a->items[i].told;
    struct answer_kept *kept = &a->items[a->next];
    a->next = (a->next + 1) % AWAITED_MAX;
    foretelling_close(&kept->told);
    kept->asked = asked;
    kept->at_ms = v->now_ms;
    ask(v, ids, clients, &kept->told);
    return &kept->told;
}

static int by_time(const void *a, const void *b)
{
    const struct awaited_row *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

struct awaited_row *awaited_rows(struct visit *v, const struct outbox_row *rows, size_t count)
{
    const struct foretelling *told = awaited_ask(v, rows, count);
    struct awaited_row *list = mem_array(count, sizeof(*list));

    for (size_t i = 0; i < count; i++) {
        const struct foretold *t = foretelling_of(told, rows[i].id);
        bool goes = t != NULL && !fate_stops(t->fate);
        list[i] = (struct awaited_row){&rows[i], t, goes ? t->at_ms : rows[i].due_ms};
    }
    if (count > 0)
        qsort(list, count, sizeof(*list), by_time);
    return list;
}
