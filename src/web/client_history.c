/*
 * All that was with a client in one list: messages and what became of them, answers, notes, tasks,
 * consent, changes of the record. Each kind is read by its own time, the latest first, and they are
 * put together here; what is older than the oldest message of a full list has no place in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/answers.h"
#include "store/desk.h"
#include "store/records.h"
#include "store/tasks.h"
#include "store/web_queries.h"
#include "web/changes.h"
#include "web/clients.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/parts.h"
#include "web/tasks.h"

#define HISTORY_MAX 100 /* of each kind */

struct history {
    struct outbox_row *messages;
    struct told *answers;
    struct note *notes;
    struct task_row *tasks;
    struct audit_line *changes;
    size_t message_count, answer_count, note_count, task_count, change_count;
};

enum kind { KIND_MESSAGE, KIND_ANSWER, KIND_NOTE, KIND_TASK, KIND_CHANGE };

struct entry {
    int64_t at_ms;
    enum kind kind;
    size_t index;
};

static int load(struct visit *v, int64_t client_id, struct history *h)
{
    char about[CLIENT_ABOUT_MAX];
    int64_t since_ms = 0;
    int rc = store_client_messages(v->store, client_id, false, HISTORY_MAX, &h->messages,
                                   &h->message_count);

    if (h->message_count == HISTORY_MAX)
        since_ms = h->messages[h->message_count - 1].state_ms;
    if (rc == 0)
        rc = store_told(v->store, client_id, since_ms, HISTORY_MAX, &h->answers, &h->answer_count);
    if (rc == 0)
        rc = store_notes(v->store, client_id, since_ms, HISTORY_MAX, &h->notes, &h->note_count);
    if (rc == 0)
        rc = store_tasks_of_client(v->store, client_id, since_ms, HISTORY_MAX, &h->tasks,
                                   &h->task_count);
    client_about(client_id, about);
    if (rc == 0)
        rc = store_audited(v->store, about, since_ms, HISTORY_MAX, &h->changes, &h->change_count);
    return rc;
}

static void history_close(struct history *h)
{
    outbox_rows_free(h->messages, h->message_count);
    told_free(h->answers, h->answer_count);
    notes_free(h->notes, h->note_count);
    task_rows_free(h->tasks, h->task_count);
    audit_lines_free(h->changes, h->change_count);
}

/* The latest first; at one time in the order of the kinds, so that nothing jumps about. */
static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The open task of a message that is held: that one stands among those that are coming. */
static bool is_coming(const struct task_row *t)
{
    return t->done_ms == 0 && t->key != NULL && str_starts(t->key, TASK_HELD);
}

static struct entry *sort(const struct history *h, size_t *count)
{
    size_t n = 0, all = h->message_count + h->answer_count + h->note_count + h->task_count +
                        h->change_count;
    struct entry *list = mem_array(all + 1, sizeof(*list));

    for (size_t i = 0; i < h->message_count; i++)
        list[n++] = (struct entry){h->messages[i].state_ms, KIND_MESSAGE, i};
    for (size_t i = 0; i < h->answer_count; i++)
        list[n++] = (struct entry){h->answers[i].at_ms, KIND_ANSWER, i};
    for (size_t i = 0; i < h->note_count; i++)
        list[n++] = (struct entry){h->notes[i].at_ms, KIND_NOTE, i};
    for (size_t i = 0; i < h->task_count; i++)
        if (!is_coming(&h->tasks[i]))
            list[n++] = (struct entry){h->tasks[i].done_ms != 0 ? h->tasks[i].done_ms
                                                                : h->tasks[i].created_ms,
                                       KIND_TASK, i};
    for (size_t i = 0; i < h->change_count; i++)
        list[n++] = (struct entry){h->changes[i].at_ms, KIND_CHANGE, i};
    qsort(list, n, sizeof(*list), by_time);
    *count = n;
    return list;
}

/* --- writing --- */

static void note_item(struct visit *v, const struct note *n)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, n->at_ms);
    buf_puts(b, "<span class=\"state none\">");
    html_word(b, W_NOTE);
    buf_puts(b, "</span><span class=\"quiet\">");
    html_words(b, W_TASK_DONE_BY, n->by, NULL);
    buf_puts(b, "</span></div><div class=\"words\" dir=\"auto\">");
    html_text(b, n->text);
    buf_puts(b, "</div></li>");
}

static void item(struct visit *v, const struct history *h, const struct entry *e)
{
    switch (e->kind) {
    case KIND_MESSAGE:
        messages_item(v, "was", &h->messages[e->index], false, true);
        break;
    case KIND_ANSWER:
        messages_answer(v, &h->answers[e->index]);
        break;
    case KIND_NOTE:
        note_item(v, &h->notes[e->index]);
        break;
    case KIND_TASK:
        task_item(v, &h->tasks[e->index], false);
        break;
    case KIND_CHANGE:
        changes_item(v, &h->changes[e->index]);
        break;
    }
}

/* Messages that were withdrawn one after the other, from here on. */
static size_t withdrawn(const struct history *h, const struct entry *list, size_t count)
{
    size_t n = 0;

    while (n < count && list[n].kind == KIND_MESSAGE &&
           h->messages[list[n].index].state == MESSAGE_CANCELLED)
        n++;
    return n >= FOLDED_MIN ? n : 0;
}

static void items(struct visit *v, const struct history *h, const struct entry *list, size_t count)
{
    for (size_t i = 0, last; i < count;) {
        size_t folded = withdrawn(h, &list[i], count - i);
        if (folded > 0)
            messages_fold_begin(v, "was", &h->messages[list[i].index], folded);
        for (last = i + (folded > 0 ? folded : 1); i < last; i++)
            item(v, h, &list[i]);
        if (folded > 0)
            messages_fold_end(v);
    }
}

int client_history(struct visit *v, int64_t client_id)
{
    struct buf *b = &v->response->body;
    struct history h = {0};
    size_t count = 0;
    int rc = load(v, client_id, &h);
    struct entry *list = sort(&h, &count);

    part_section(b, "history", W_HISTORY);
    part_tell(b, word(W_HISTORY), (int64_t)count);
    if (count == 0)
        part_quiet(b, W_HISTORY_NONE);
    else
        buf_puts(b, "<ul class=\"list\">");
    items(v, &h, list, count);
    buf_puts(b, count == 0 ? "" : "</ul>");
    if (h.message_count == HISTORY_MAX) {
        char shown[24];
        snprintf(shown, sizeof(shown), "%d", HISTORY_MAX);
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_HISTORY_MORE, shown, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    free(list);
    history_close(&h);
    return rc;
}
