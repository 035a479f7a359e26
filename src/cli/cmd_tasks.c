/*
 * betimes tasks: what people have to do. `betimes tasks` lists; `betimes tasks done ID...` and
 * `undo ID...` write, all of it in one transaction or nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/tasks.h"

#define LIMIT_MAX 1000000

static const struct option_spec options[] = {
    {"all", 0, NULL, "also what is done"},
    {"staff", 0, "REF", "only this member's (a ref or an id)"},
    {"limit", 0, "N", "no more than the first N"},
    {"by", 0, "NAME", "with done: who has done it"},
    {"note", 0, "TEXT", "with done: what came of it"},
};

/* ---- the list */

static json_t *id_or_null(int64_t id)
{
    return id != 0 ? json_integer(id) : json_null();
}

static json_t *task_json(const struct task_row *t)
{
    json_t *o = json_object();
    bool by_person = t->done_by != NULL && t->done_by[0] != '\0';

    json_object_set_new(o, "id", json_integer(t->id));
    json_object_set_new(o, "text", show_json_text(t->text));
    json_object_set_new(o, "rule", show_json_text(t->rule));
    json_object_set_new(o, "staff_id", id_or_null(t->staff_id));
    json_object_set_new(o, "staff", show_json_text(t->staff_name));
    json_object_set_new(o, "client_id", id_or_null(t->client_id));
    json_object_set_new(o, "client", show_json_text(t->client_name));
    json_object_set_new(o, "job_id", id_or_null(t->job_id));
    json_object_set_new(o, "appointment_id", id_or_null(t->appointment_id));
    json_object_set_new(o, "message_id", id_or_null(t->message_id));
    json_object_set_new(o, "since", show_json_time(t->created_ms));
    json_object_set_new(o, "done", t->done_ms != 0 ? show_json_time(t->done_ms) : json_null());
    json_object_set_new(o, "done_by", show_json_text(by_person ? t->done_by : NULL));
    json_object_set_new(o, "note", show_json_text(t->done_note));
    json_object_set_new(o, "ended_itself", json_boolean(t->done_ms != 0 && t->done_by == NULL));
    return o;
}

struct page {
    const struct session *s;
    const struct task_row *rows;
    int64_t now_ms;
};

/* "done Tue 8 Dec 15:00 by Ilze: she comes on Monday", or "ended by itself ...". */
static void put_end(void *arg, size_t row)
{
    const struct page *p = arg;
    const struct task_row *t = &p->rows[row];
    char when[SHOW_TIME_MAX];

    if (t->done_ms == 0)
        return;
    show_time(t->done_ms, p->s->zone, p->now_ms, when);
    const char *by = t->done_by != NULL && t->done_by[0] != '\0' ? t->done_by : NULL;
    char *text =
        mem_printf("%s %s%s%s%s%s", t->done_by != NULL ? "done" : "ended by itself", when,
                   by != NULL ? " by " : "", by != NULL ? by : "", t->done_note != NULL ? ": " : "",
                   t->done_note != NULL ? t->done_note : "");
    printf("      ");
    put_text(t->done_by != NULL ? GREEN : DIM, text);
    putchar('\n');
    free(text);
}

static void print_rows(struct page *p, size_t count)
{
    static const char *const heads[] = {"id", "since", "for", "about", "what"};
    struct table t = {.heads = heads, .columns = 5, .give = 4, .right = 1u << 0};
    char since[SHOW_TIME_MAX];

    for (size_t i = 0; i < count; i++) {
        const struct task_row *r = &p->rows[i];
        show_time(r->created_ms, p->s->zone, p->now_ms, since);
        table_addf(&t, PLAIN, "%lld", (long long)r->id);
        table_add(&t, PLAIN, since);
        table_add(&t, PLAIN, r->staff_name != NULL ? r->staff_name : "the office");
        table_addf(&t, PLAIN, "%s%s%s", r->client_name != NULL ? r->client_name : "",
                   r->client_name != NULL && r->subject != NULL ? ", " : "",
                   r->subject != NULL ? r->subject : "");
        table_add(&t, r->done_ms != 0 ? DIM : PLAIN, r->text);
    }
    table_print(&t, put_end, p);
}

static int print_list(const struct call *call, const struct session *s, const struct task_filter *f)
{
    struct page page = {.s = s, .now_ms = clock_wall_ms()};
    struct task_row *rows;
    int64_t total = 0;
    size_t count;
    int rc = store_tasks(s->store, f, &rows, &count, &total);
    int status = EXIT_DONE;

    page.rows = rows;
    if (rc != 0) {
        status = session_failed(s, rc, "list the tasks");
    } else if (call->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, task_json(&rows[i]));
        status = show_print_json(list);
    } else if (count == 0) {
        printf(f->done ? "There was never a task.\n" : "Nobody has anything to do.\n");
    } else {
        print_rows(&page, count);
        if (total > (int64_t)count)
            printf("and %lld more\n", (long long)(total - (int64_t)count));
    }
    task_rows_free(rows, count);
    return status;
}

static int list(const struct call *call)
{
    const struct options *o = &call->options;
    struct task_filter f = {.done = option_given(o, "all")};
    struct err err = {""};
    struct session s;
    int64_t limit;

    if (option_given(o, "by") || option_given(o, "note"))
        return command_misused(call, "--by and --note go with `done`");
    if (option_number(o, "limit", 1, LIMIT_MAX, 0, &limit, &err) != 0)
        return command_misused(call, "%s", err.text);
    f.limit = (size_t)limit;
    int status = session_open(call, STORE_READ, &s);
    if (status == EXIT_DONE && option_given(o, "staff"))
        status = session_row(&s, ENTITY_STAFF, option_value(o, "staff"), &f.staff_row);
    if (status == EXIT_DONE)
        status = print_list(call, &s, &f);
    session_close(&s);
    return status;
}

/* ---- done, undo */

struct finishing {
    struct session session;
    bool undo;
    const char *by, *note;
    int64_t now_ms;
    size_t done, refused;
};

/* One that is open, or done, already, is told; the others go on. */
static int finish(struct finishing *f, int64_t id)
{
    struct task_row *t;
    int rc = store_task(f->session.store, id, &t);

    if (rc == ERR_NOTFOUND) {
        command_error(rc, "there is no task %lld", (long long)id);
        f->refused++;
        return 0;
    }
    if (rc != 0)
        return rc;
    if ((t->done_ms == 0) == f->undo) {
        command_error(ERR_INVALID, "task %lld is %s already", (long long)id,
                      f->undo ? "open" : "done");
        f->refused++;
    } else {
        f->done++;
        rc = f->undo ? store_task_undo(f->session.store, id)
                     : store_task_done(f->session.store, id, f->by, f->note, f->now_ms);
    }
    task_rows_free(t, 1);
    return rc;
}

static int finish_all(struct finishing *f, const int64_t *ids, size_t count)
{
    char text[SHOW_TIME_MAX];
    int rc = store_begin(f->session.store);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = finish(f, ids[i]);
    if (rc == 0)
        rc = store_commit(f->session.store);
    if (rc != 0) {
        int status = session_failed(&f->session, rc, "write it down");
        store_rollback(f->session.store);
        return status;
    }
    if (f->done > 0) {
        str_counted((int64_t)f->done, "task", text);
        printf("%s %s.\n", text, f->undo ? "open again" : "done");
    }
    return f->refused > 0 ? EXIT_ASKED : EXIT_DONE;
}

static int change(const struct call *call, bool undo)
{
    const struct options *o = &call->options;
    struct finishing f = {.undo = undo,
                          .by = option_value(o, "by"),
                          .note = option_value(o, "note"),
                          .now_ms = clock_wall_ms()};
    size_t count = o->word_count - 1;
    int64_t *ids = mem_array(count + 1, sizeof(*ids));
    int status = EXIT_DONE;

    if (count == 0)
        status = command_misused(call, "say which: betimes tasks %s ID...", o->words[0]);
    else if (option_given(o, "all") || option_given(o, "staff") || option_given(o, "limit"))
        status = command_misused(call, "--all, --staff and --limit are for the list");
    else if (undo && (f.by != NULL || f.note != NULL))
        status = command_misused(call, "--by and --note go with `done`");
    for (size_t i = 0; status == EXIT_DONE && i < count; i++)
        if (!str_to_int(o->words[i + 1], 1, INT64_MAX, &ids[i]))
            status = command_misused(call, "`%s` is no task's id; `betimes tasks` lists them",
                                     o->words[i + 1]);
    if (status == EXIT_DONE) {
        status = session_open(call, STORE_WRITE, &f.session);
        if (status == EXIT_DONE)
            status = finish_all(&f, ids, count);
        session_close(&f.session);
    }
    free(ids);
    return status;
}

static int run_tasks(const struct call *call)
{
    const char *word = call_word(call, 0);

    if (word == NULL)
        return list(call);
    if (strcmp(word, "done") == 0 || strcmp(word, "undo") == 0)
        return change(call, word[0] == 'u');
    return command_misused(call, "`%s` is neither `done` nor `undo`", word);
}

const struct command command_tasks = {
    .name = "tasks",
    .words = "[done ID... | undo ID...]",
    .words_max = WORDS_MAX,
    .help = "What people have to do, and since when; say that it is done",
    .more = "Rules with `by = task` give tasks to people, and the service gives some where it\n"
            "cannot go on alone. One ends by itself when there is nothing left to do: the job\n"
            "has left the stage, the visit was moved or cancelled, the held message went.\n\n"
            "  betimes tasks --staff ilze                     what Ilze has to do\n"
            "  betimes tasks done 17 18 --by Ilze             she has done it\n"
            "  betimes tasks done 17 --note \"comes Monday\"    and what came of it\n"
            "  betimes tasks undo 17                          or has not\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = true,
    .run = run_tasks,
};
