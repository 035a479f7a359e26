/*
 * betimes forecast: what will go, to whom, when and why; and what another playbook would change.
 * All of it is planned in a private copy of the database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/draft.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/together.h"
#include "store/rules.h"

#define DAYS_MAX 3650
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define AT_ONCE_MS (60 * INT64_C(1000)) /* what is due within it counts as "now" */
#define INDENT 8

static const struct option_spec forecast_options[] = {
    {"days", 0, "N", "as far as N days ahead (30)"},
    {"playbook", 0, "FILE", "with this playbook, and what it would change"},
    {"client", 0, "REF", "only what concerns this client (a ref or an id)"},
    {"rule", 0, "RULE", "only of this rule"},
    {"text", 0, NULL, "also the words, as they would read when due"},
    OPTION_NOW,
};

/* One playbook's messages, in the order in which they are due. */
struct future {
    struct config config;
    struct draft draft;
    struct outbox_row *rows;
    size_t count;
    struct together_row *more;
    struct together *together; /* per row: what it goes with */
    bool *only_here; /* per row: not in the other playbook's future; NULL: there is no other */
};

struct asking {
    const struct call *call;
    struct session session;
    struct outbox_filter filter;
    int64_t now_ms;
    bool text;
    char span[SHOW_TIME_MAX];
};

static void future_close(struct future *f)
{
    outbox_rows_free(f->rows, f->count);
    draft_close(&f->draft);
    config_free(&f->config);
    free(f->only_here);
    free(f->more);
    free(f->together);
    *f = (struct future){0};
}

/* ---- what a message would say and whether it would go */

static const struct gateway_settings *first_gateway(const struct settings *s, enum channel c)
{
    const struct str_list *names = &s->channels[c].gateways;

    return names->count > 0 ? settings_gateway(s, names->items[0]) : NULL;
}

static void set_text(char **at, const char *text)
{
    free(*at);
    *at = mem_strdup(text);
}

static void write_words(struct future *f, const struct compose_input *letter, struct outbox_row *r)
{
    const struct gateway_settings *g = first_gateway(f->config.settings, r->channel);
    struct compose_input in = *letter;
    char reason[COMPOSE_REASON_MAX];
    struct payload p;

    in.now_ms = r->due_ms > in.now_ms ? r->due_ms : in.now_ms; /* "tomorrow" is seen from then */
    in.from = g != NULL ? g->from : NULL;
    in.reply_to = g != NULL ? g->reply_to : NULL;
    int rc = compose(f->config.settings, f->config.templates, &in, &p, NULL, reason);
    if (rc == 0) {
        set_text(&r->subject, p.subject);
        set_text(&r->text, p.text);
        set_text(&r->language, p.language);
    } else {
        char *why = mem_printf("it would be held: %s", reason);
        set_text(&r->reason, why);
        free(why);
    }
    payload_close(&p);
}

static int load(struct asking *a, struct future *f, int64_t id, struct letter *out)
{
    struct message m;
    int rc = store_message(f->draft.session.store, id, &m);

    *out = (struct letter){0};
    if (rc == 0)
        rc = letter_load(&f->draft.world, &m, a->now_ms, out);
    message_close(&m);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int look_at(struct asking *a, struct future *f, size_t i)
{
    struct outbox_row *r = &f->rows[i];
    struct letter l;
    char reason[ERR_TEXT_MAX];
    int rc = load(a, f, r->id, &l);

    if (rc == 0 && l.rule != NULL) {
        if (r->to == NULL)
            set_text(&r->to, letter_address(&l, r->channel));
        f->more[i].goes = draft_allows(&f->draft, &l, reason);
        f->more[i].zone = l.contact != NULL ? l.contact->zone : NULL;
        if (!f->more[i].goes)
            set_text(&r->reason, reason);
    }
    letter_close(&l);
    return rc;
}

/* The words of a row, and of all that go with it. */
static int read_out(struct asking *a, struct future *f, size_t i)
{
    struct letter letters[1 + COMPOSE_ALSO_MAX] = {{0}};
    const struct compose_input *also[COMPOSE_ALSO_MAX];
    size_t count = 0, others = 0;
    int rc = 0;

    if (f->rows[i].channel == CHANNEL_TASK || f->together[i].leader != TOGETHER_NONE)
        return 0;
    for (size_t k = i; rc == 0 && k != TOGETHER_NONE; k = f->together[k].next) {
        rc = load(a, f, f->rows[k].id, &letters[count]);
        if (k != i && letters[count].rule != NULL)
            also[others++] = &letters[count].input;
        count++;
    }
    if (rc == 0 && letters[0].rule != NULL) {
        letters[0].input.also = also;
        letters[0].input.also_count = others;
        write_words(f, &letters[0].input, &f->rows[i]);
    }
    while (count > 0)
        letter_close(&letters[--count]);
    return rc;
}

static int look_at_all(struct asking *a, struct future *f)
{
    struct progress progress;
    int rc = 0;

    f->more = mem_array(f->count + 1, sizeof(*f->more));
    f->together = mem_array(f->count + 1, sizeof(*f->together));
    progress_begin(&progress, "Messages");
    for (size_t i = 0; rc == 0 && i < f->count; i++) {
        rc = look_at(a, f, i);
        progress_show(&progress, i, f->count);
    }
    together_find(f->config.playbook, &f->config.settings->business, f->rows, f->more, f->count,
                  a->now_ms, f->together);
    for (size_t i = 0; rc == 0 && a->text && i < f->count; i++) {
        rc = read_out(a, f, i);
        progress_show(&progress, i, f->count);
    }
    progress_end(&progress);
    for (size_t i = 0; i < f->count; i++)
        if (f->rows[i].id > f->draft.known_id)
            f->rows[i].id = 0; /* nobody could find it by an id that only the draft has */
    return rc;
}

static int look_ahead(struct asking *a, const char *playbook, struct future *out)
{
    int status = session_config(a->call, playbook, &out->config);

    if (status != EXIT_DONE)
        return status;
    if (a->filter.rule != NULL) {
        const struct rule *r;
        if ((status = session_rule(&out->config, a->filter.rule, &r)) != EXIT_DONE)
            return status;
    }
    status = draft_make(&a->session, &out->config, a->now_ms, &out->draft);
    if (status != EXIT_DONE)
        return status;
    int rc = store_outbox(out->draft.session.store, &a->filter, &out->rows, &out->count);
    if (rc == 0)
        rc = look_at_all(a, out);
    return rc == 0 ? EXIT_DONE : session_failed(&out->draft.session, rc, "read the copy");
}

static char *sentence_of(const struct future *f, const struct outbox_row *r)
{
    const struct rule *rule = playbook_rule(f->config.playbook, r->rule);

    return rule != NULL ? rule_sentence(rule) : mem_strdup("");
}

/* ---- what another playbook changes */

static int text_order(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* Is it the same message to the same person at the same time? */
static int compare(const struct outbox_row *a, const struct outbox_row *b)
{
    int order = text_order(a->rule, b->rule);

    if (order == 0)
        order = (a->subject_kind > b->subject_kind) - (a->subject_kind < b->subject_kind);
    if (order == 0)
        order = text_order(a->subject_ref, b->subject_ref);
    if (order == 0)
        order = (a->due_ms > b->due_ms) - (a->due_ms < b->due_ms);
    if (order == 0)
        order = (a->channel > b->channel) - (a->channel < b->channel);
    return order == 0 ? text_order(a->to, b->to) : order;
}

static int by_key(const void *a, const void *b)
{
    return compare(*(const struct outbox_row *const *)a, *(const struct outbox_row *const *)b);
}

/* Mark in `missing` the rows of `a` that are not among those of `b`. */
static void find_missing(const struct future *a, const struct future *b, bool *missing)
{
    const struct outbox_row **sorted = mem_array(b->count + 1, sizeof(const struct outbox_row *));

    for (size_t i = 0; i < b->count; i++)
        sorted[i] = &b->rows[i];
    qsort(sorted, b->count, sizeof(struct outbox_row *), by_key);
    for (size_t i = 0; i < a->count; i++) {
        const struct outbox_row *one = &a->rows[i];
        missing[i] = bsearch(&one, sorted, b->count, sizeof(struct outbox_row *), by_key) == NULL;
    }
    free(sorted);
}

/* ---- telling */

/* What the message goes with: the record that the first of them is about. NULL: it goes by itself.
 * free() it. */
static char *partner(const struct future *f, size_t i)
{
    size_t leader = f->together[i].leader;

    return leader != TOGETHER_NONE ? show_subject(&f->rows[leader]) : NULL;
}

static json_t *row_json(const struct future *f, size_t i, const char *change)
{
    const struct outbox_row *r = &f->rows[i];
    json_t *o = show_json(r);
    char *why = sentence_of(f, r), *with = partner(f, i);

    json_object_set_new(o, "why", show_json_text(why));
    json_object_set_new(o, "together_with", show_json_text(with));
    free(with);
    if (change != NULL)
        json_object_set_new(o, "change", json_string(change));
    free(why);
    return o;
}

static int print_json(const struct future *now, const struct future *other)
{
    const struct future *all = other != NULL ? other : now;
    json_t *list = json_array();

    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(list, row_json(all, i,
                                             other == NULL         ? NULL
                                             : other->only_here[i] ? "added"
                                                                   : "same"));
    for (size_t i = 0; other != NULL && i < now->count; i++)
        if (now->only_here[i])
            json_array_append_new(list, row_json(now, i, "removed"));
    return show_print_json(list);
}

struct printing {
    const struct asking *a;
    const struct future *f;
    const size_t *index; /* of each line's row */
};

/* Below each line: why; what is in the way; the words. */
static void print_why(void *arg, size_t line)
{
    struct printing *p = arg;
    const struct outbox_row *r = &p->f->rows[p->index[line]];
    char *why = sentence_of(p->f, r), *with = partner(p->f, p->index[line]);

    printf("%*s", INDENT, "");
    put_folded(why, INDENT, INDENT);
    if (with != NULL) {
        printf("%*s", INDENT, "");
        char *text = mem_printf("goes in one message with that about %s", with);
        put_folded(text, INDENT, INDENT);
        free(text);
    }
    free(with);
    if (r->reason != NULL) {
        printf("%*s", INDENT, "");
        put_text(YELLOW, r->reason);
        putchar('\n');
    }
    if (p->a->text && r->text != NULL) {
        putchar('\n');
        if (r->subject != NULL) {
            printf("%*s", INDENT, "");
            put_text(BOLD, r->subject);
            printf("\n\n");
        }
        put_lines(r->text, INDENT);
        putchar('\n');
    }
    free(why);
}

/* The rows whose mark is `which`; all when there are no marks. */
static void print_rows(const struct asking *a, const struct future *f, const bool *marks,
                       const char *sign, enum colour colour)
{
    size_t *index = mem_array(f->count + 1, sizeof(*index)), lines = 0;
    struct table t = {.columns = 6, .give = 4};
    struct printing p = {a, f, index};

    for (size_t i = 0; i < f->count; i++) {
        const struct outbox_row *r = &f->rows[i];
        char when[SHOW_TIME_MAX], *about = show_subject(r);
        if (marks == NULL || marks[i]) {
            index[lines++] = i;
            show_time(r->due_ms, a->session.zone, a->now_ms, when);
            table_addf(&t, colour, "%s%s", sign, when);
            table_add(&t, PLAIN, channel_name(r->channel));
            table_add(&t, BOLD, r->rule);
            table_add(&t, PLAIN, show_recipient(r));
            table_add(&t, DIM, r->recipient_name != NULL ? r->to : NULL);
            table_add(&t, DIM, about);
        }
        free(about);
    }
    table_print(&t, print_why, &p);
    free(index);
}

/* ", 3 of them now"; of a single message ", now". */
static void put_share(size_t part, size_t whole, const char *when)
{
    if (part == 0)
        return;
    if (whole == 1)
        printf(", %s", when);
    else
        printf(", %zu of them %s", part, when);
}

static void tell_future(const struct asking *a, const struct future *f)
{
    char count[SHOW_TIME_MAX];
    size_t at_once = 0, with = 0;

    show_count((int64_t)f->count, "message", count);
    if (f->count == 0) {
        printf("Nothing will go out in the next %s, as far as can be known now.\n", a->span);
        return;
    }
    print_rows(a, f, NULL, "", PLAIN);
    for (size_t i = 0; i < f->count; i++)
        at_once += f->rows[i].due_ms <= a->now_ms + AT_ONCE_MS;
    for (size_t i = 0; i < f->count; i++)
        with += f->together[i].leader != TOGETHER_NONE;
    printf("\n%s in the next %s", count, a->span);
    put_share(at_once, f->count, "at once");
    put_share(with, f->count, "in one with another");
    printf(". Nothing was sent and nothing changed.\n");
}

/* `noun`: what is counted; `none`: what happens to no message when there is nothing to count. */
static void tell_change(const struct asking *a, const struct future *f, const char *noun,
                        const char *none, const char *sign, enum colour colour)
{
    char count[SHOW_TIME_MAX];
    size_t total = 0, at_once = 0;

    for (size_t i = 0; i < f->count; i++)
        if (f->only_here[i]) {
            total++;
            at_once += f->rows[i].due_ms <= a->now_ms + AT_ONCE_MS;
        }
    if (total == 0) {
        printf("No messages are %s in the next %s.\n\n", none, a->span);
        return;
    }
    show_count((int64_t)total, noun, count);
    printf("%s in the next %s", count, a->span);
    put_share(at_once, total, "now");
    printf(":\n");
    print_rows(a, f, f->only_here, sign, colour);
    putchar('\n');
}

/* Times hold only while nothing is paused. */
static int tell_pause(const struct asking *a)
{
    bool paused;
    char *reason;
    int rc = store_paused(a->session.store, &paused, &reason);

    free(reason);
    if (rc != 0)
        return session_failed(&a->session, rc, "read whether sending is paused");
    if (paused) {
        put_text(YELLOW, "The service is paused: nothing goes until `betimes resume`.");
        printf("\n\n");
    }
    return EXIT_DONE;
}

static int forecast(struct asking *a, const char *playbook)
{
    struct future now = {0}, other = {0};
    int status = look_ahead(a, NULL, &now);

    if (status == EXIT_DONE && playbook != NULL)
        status = look_ahead(a, playbook, &other);
    if (status == EXIT_DONE && playbook != NULL) {
        now.only_here = mem_array(now.count + 1, sizeof(bool));
        other.only_here = mem_array(other.count + 1, sizeof(bool));
        find_missing(&now, &other, now.only_here);
        find_missing(&other, &now, other.only_here);
    }
    if (status == EXIT_DONE && !a->call->json)
        status = tell_pause(a);
    if (status == EXIT_DONE && a->call->json) {
        status = print_json(&now, playbook != NULL ? &other : NULL);
    } else if (status == EXIT_DONE && playbook != NULL) {
        printf("With %s in the place of the present playbook:\n\n", playbook);
        tell_change(a, &other, "more message", "added", "+ ", GREEN);
        tell_change(a, &now, "fewer message", "dropped", "- ", RED);
        printf("Nothing was sent and nothing changed.\n");
    } else if (status == EXIT_DONE) {
        tell_future(a, &now);
    }
    future_close(&now);
    future_close(&other);
    return status;
}

static int run_forecast(const struct call *call)
{
    const struct options *o = &call->options;
    struct asking a = {.call = call, .text = option_given(o, "text")};
    struct err err = {""};
    int64_t days;

    if (option_number(o, "days", 1, DAYS_MAX, 30, &days, &err) != 0)
        return command_misused(call, "%s", err.text);
    if (days == 1)
        snprintf(a.span, sizeof(a.span), "day");
    else
        show_count(days, "day", a.span);
    int status = session_open(call, STORE_READ, &a.session);
    if (status == EXIT_DONE)
        status = session_time(call, "now", a.session.zone, clock_wall_ms(), &a.now_ms);
    a.filter = (struct outbox_filter){.states = STATES_PENDING,
                                      .rule = option_value(o, "rule"),
                                      .until_ms = a.now_ms + days * DAY_MS};
    if (status == EXIT_DONE && option_given(o, "client"))
        status =
            session_row(&a.session, ENTITY_CLIENT, option_value(o, "client"), &a.filter.client_row);
    if (status == EXIT_DONE && option_given(o, "now"))
        clock_virtual(a.now_ms, 1); /* for the conditions, which may ask for the time */
    if (status == EXIT_DONE)
        status = forecast(&a, option_value(o, "playbook"));
    session_close(&a.session);
    return status;
}

const struct command command_forecast = {
    .name = "forecast",
    .words = "",
    .help = "What will go out, to whom, when and why; nothing is sent",
    .more =
        "As far as the records of now tell, with every rule's reason. With --playbook it tells\n"
        "what a changed playbook would send more, and what less, before you use it:\n\n"
        "  betimes forecast --playbook new-playbook.conf\n\n"
        "Messages that go as one are told each with its own line; the words are the first one's.\n"
        "With --json each message has the keys `why` and `together_with` (the record of the first\n"
        "of them, else null), and with --playbook also `change`: added, removed or same.\n",
    .options = forecast_options,
    .option_count = COUNT_OF(forecast_options),
    .reads = true,
    .run = run_forecast,
};
