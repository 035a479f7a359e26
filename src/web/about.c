/* What was said and done about one job or appointment. See web/about.h. */
#include "web/about.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/answers.h"
#include "store/tasks.h"
#include "store/web_queries.h"
#include "web/changes.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/parts.h"
#include "web/tasks.h"

#define COMING_MAX 30
#define HISTORY_MAX 60
#define ANSWERS_MAX 200 /* of the client, among which are those about it */
#define TASKS_MAX 30

int about_coming(struct visit *v, const struct about *a)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_messages_about(v->store, a->kind, a->row_id, a->client_id, true, COMING_MAX,
                                  &rows, &count);

    part_section(&v->response->body, "coming", W_COMING);
    part_tell(&v->response->body, word(W_COMING), (int64_t)count);
    messages_coming(v, "due", rows, count, false, W_SUBJECT_COMING_NONE);
    buf_puts(&v->response->body, "</section>");
    outbox_rows_free(rows, count);
    return rc;
}

/* Those about it move to the front, in their order; returns how many. */
static size_t pick(const struct about *a, struct told *list, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const struct answer *n = &list[i].answer;
        if ((a->kind == ENTITY_JOB ? n->job_id : n->appointment_id) != a->row_id)
            continue;
        struct told other = list[kept];
        list[kept++] = list[i];
        list[i] = other;
    }
    return kept;
}

int about_history(struct visit *v, const struct about *a)
{
    struct buf *b = &v->response->body;
    struct outbox_row *rows;
    struct told *told = NULL;
    size_t count, told_count = 0;
    int rc = store_messages_about(v->store, a->kind, a->row_id, a->client_id, false, HISTORY_MAX,
                                  &rows, &count);

    if (rc == 0)
        rc = store_told(v->store, a->client_id, count == HISTORY_MAX ? rows[count - 1].state_ms : 0,
                        ANSWERS_MAX, &told, &told_count);
    part_section(b, "history", W_MESSAGES);
    part_tell(b, word(W_MESSAGES), (int64_t)count);
    messages_history(v, "was", rows, count, told, pick(a, told, told_count),
                     W_SUBJECT_HISTORY_NONE);
    if (count == HISTORY_MAX) {
        char shown[24];
        snprintf(shown, sizeof(shown), "%zu", count);
        buf_puts(b, "<p class=\"quiet\">");
        html_words(b, W_HISTORY_MORE, shown, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
    outbox_rows_free(rows, count);
    told_free(told, told_count);
    return rc;
}

int about_changes(struct visit *v, const struct about *a)
{
    char *about =
        mem_printf("%s %lld", a->kind == ENTITY_JOB ? "job" : "appointment", (long long)a->row_id);
    int rc = changes_section(v, about);

    free(about);
    return rc;
}

int about_tasks(struct visit *v, const struct about *a)
{
    struct buf *b = &v->response->body;
    bool job = a->kind == ENTITY_JOB;
    struct task_row *rows;
    size_t count;
    int rc = store_tasks_about(v->store, job ? a->row_id : 0, job ? 0 : a->row_id, TASKS_MAX, &rows,
                               &count);

    part_section(b, "tasks", W_TASKS);
    if (count == 0)
        part_quiet(b, W_TASKS_NONE);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = count; i > 0; i--)
        task_item(v, &rows[i - 1], false);
    buf_puts(b, "</ul></section>");
    task_rows_free(rows, count);
    return rc;
}
