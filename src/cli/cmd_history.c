/* betimes history: what was sent, what was answered and what was noted, in one order of time. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/desk.h"

#define LIMIT_MAX 1000000
#define EVERYBODY_LIMIT 50 /* of everybody's history, unless asked for more */

static const struct option_spec history_options[] = {
    {"client", 0, "REF", "the same as the word REF"},
    {"since", 0, "TIME", "from then on, like 2026-12-08 or 2026-12-08T15:00"},
    {"limit", 0, "N", "no more than the last N (all of a client's, else 50)"},
};

struct history {
    struct outbox_row *rows;
    struct told *told;
    struct note *notes; /* the latest first */
    size_t row_count, told_count, note_count;
    struct show_event *events; /* all of them, oldest first */
    size_t count;
};

static void history_close(struct history *h)
{
    outbox_rows_free(h->rows, h->row_count);
    told_free(h->told, h->told_count);
    notes_free(h->notes, h->note_count);
    free(h->events);
}

/* Each list is in the order of its times, and so becomes the whole. */
static void merge(struct history *h)
{
    size_t r = 0, t = 0, n = h->note_count, total = h->row_count + h->told_count + h->note_count;

    h->events = mem_array(total, sizeof(*h->events));
    while (h->count < total) {
        struct show_event e = {.at_ms = INT64_MAX};
        if (r < h->row_count)
            e = (struct show_event){.message = &h->rows[r], .at_ms = h->rows[r].state_ms};
        if (t < h->told_count && h->told[t].at_ms < e.at_ms)
            e = (struct show_event){.answer = &h->told[t], .at_ms = h->told[t].at_ms};
        if (n > 0 && h->notes[n - 1].at_ms < e.at_ms)
            e = (struct show_event){.note = &h->notes[n - 1], .at_ms = h->notes[n - 1].at_ms};
        r += e.message != NULL;
        t += e.answer != NULL;
        n -= e.note != NULL;
        h->events[h->count++] = e;
    }
}

static int load(struct store *s, const struct outbox_filter *f, struct history *h)
{
    int rc = store_outbox(s, f, &h->rows, &h->row_count);

    if (rc == 0)
        rc = store_told(s, f->client_row, f->since_ms, f->limit, &h->told, &h->told_count);
    if (rc == 0)
        rc = store_notes(s, f->client_row, f->since_ms, f->limit, &h->notes, &h->note_count);
    if (rc == 0)
        merge(h);
    return rc;
}

static int print(const struct call *call, const struct session *s, const struct outbox_filter *f)
{
    struct history h = {0};
    int status = EXIT_DONE, rc = load(s->store, f, &h);
    size_t first = f->limit != 0 && h.count > f->limit ? h.count - f->limit : 0;

    if (rc != 0) {
        status = session_failed(s, rc, "read the history");
    } else if (call->json) {
        json_t *list = json_array();
        for (size_t i = first; i < h.count; i++)
            json_array_append_new(list, show_event_json(&h.events[i]));
        status = show_print_json(list);
    } else if (h.count == 0) {
        printf("Nothing has been sent, nor decided against, nor answered, nor noted.\n");
    } else {
        show_history(h.events + first, h.count - first, s->zone, clock_wall_ms());
    }
    history_close(&h);
    return status;
}

static int run_history(const struct call *call)
{
    const char *word = call_word(call, 0), *option = option_value(&call->options, "client");
    const char *client = word != NULL ? word : option;
    struct outbox_filter f = {
        .states = STATES_ALL & ~STATES_PENDING, .by_change = true, .latest = true};
    struct err err = {""};
    struct session s;
    int64_t limit;

    if (word != NULL && option != NULL)
        return command_misused(call, "the client is given twice; once is enough");
    if (option_number(&call->options, "limit", 1, LIMIT_MAX, client != NULL ? 0 : EVERYBODY_LIMIT,
                      &limit, &err) != 0)
        return command_misused(call, "%s", err.text);
    f.limit = (size_t)limit;
    int status = session_open(call, STORE_READ, &s);
    if (status == EXIT_DONE && client != NULL)
        status = session_row(&s, ENTITY_CLIENT, client, &f.client_row);
    if (status == EXIT_DONE)
        status = session_time(call, "since", s.zone, 0, &f.since_ms);
    if (status == EXIT_DONE)
        status = print(call, &s, &f);
    session_close(&s);
    return status;
}

const struct command command_history = {
    .name = "history",
    .words = "[CLIENT]",
    .words_max = 1,
    .help = "What was sent, skipped or given up, answered and noted, newest last",
    .more = "Of one client, who is named by ref or id, or of everybody.\n",
    .options = history_options,
    .option_count = COUNT_OF(history_options),
    .reads = true,
    .run = run_history,
};
