/*
 * betimes forecast: what will go, to whom, when, why and for how much; and what another playbook
 * would change. All of it is planned and tried out in a draft of the database.
 *
 * The lines come by time and are printed page by page, each as wide as it needs, so that memory
 * does not grow with the number of messages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/forecast.h"
#include "store/rules.h"

#define DAYS_MAX 3650
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define INDENT 8
#define PAGE 1000 /* lines of one table */

static const struct option_spec forecast_options[] = {
    {"days", 0, "N", "as far as N days ahead (30)"},
    {"until", 0, "TIME", "as far as this time, like 2026-12-08"},
    {"playbook", 0, "FILE", "what this playbook would change"},
    {"against", 0, "FILE", "with --playbook: compared with this one, not with the present one"},
    {"client", 0, "REF", "only what concerns this client (a ref or an id)"},
    {"rule", 0, "RULE", "only of this rule"},
    {"text", 0, NULL, "also the words, as they would read when due"},
    {"totals", 0, NULL, "only the sums: by rule, by day and channel"},
    {"progress", 0, NULL, "how far it is, line by line, on standard error"},
    OPTION_NOW,
};

struct listing {
    struct forecast *f;
    const struct outlook *o;
    struct totals *totals;
    struct outlook_line lines[PAGE]; /* the page that is being filled */
    size_t count;
    size_t told; /* lines of JSON */
};

void forecast_share(size_t part, size_t whole, const char *when)
{
    if (part == 0)
        return;
    if (whole == 1)
        printf(", %s", when);
    else
        printf(", %zu of them %s", part, when);
}

/* ---- the list */

static void put_reason(const struct outlook_line *l)
{
    static const char *const before[] = {
        [FATE_GOES] = "later than planned: ",
        [FATE_JOINED] = "",
        [FATE_SKIPPED] = "would be skipped: ",
        [FATE_HELD] = "would be held: ",
        [FATE_PAUSED] = "waits: ",
    };

    if (l->row.reason == NULL || (l->fate == FATE_GOES && l->row.due_ms <= l->planned_ms))
        return;
    char *text = l->with != NULL ? mem_printf("goes in one message with that about %s", l->with)
                                 : mem_printf("%s%s", before[l->fate], l->row.reason);
    printf("%*s", INDENT, "");
    put_text(YELLOW, text);
    putchar('\n');
    free(text);
}

/* Below each line: why; what is in the way; the words. */
static void print_why(void *arg, size_t line)
{
    const struct listing *g = arg;
    const struct outlook_line *l = &g->lines[line];
    char *why = l->rule != NULL ? rule_sentence(l->rule) : mem_strdup("sent by hand");

    printf("%*s", INDENT, "");
    put_folded(why, INDENT, INDENT);
    put_reason(l);
    if (l->row.text != NULL) {
        putchar('\n');
        if (l->row.subject != NULL) {
            printf("%*s", INDENT, "");
            put_text(BOLD, l->row.subject);
            printf("\n\n");
        }
        put_lines(l->row.text, INDENT);
        putchar('\n');
    }
    free(why);
}

static void add_cost(struct table *t, const struct listing *g, const struct outlook_line *l)
{
    char cost[SHOW_TIME_MAX] = "", segments[SHOW_TIME_MAX];

    if (l->segments == 0) {
        table_add(t, DIM, NULL);
        return;
    }
    str_counted((int64_t)l->segments, "segment", segments);
    double sum = outlook_cost(g->o->config.settings, (int64_t)l->segments);
    if (sum > 0)
        show_money(sum, g->o->config.settings, cost);
    table_addf(t, DIM, "%s%s%s", segments, sum > 0 ? ", " : "", cost);
}

static void print_table(struct listing *g)
{
    const struct forecast *f = g->f;
    struct table t = {.columns = 7, .give = 5};

    for (size_t i = 0; i < g->count; i++) {
        const struct outlook_line *l = &g->lines[i];
        const struct outbox_row *r = &l->row;
        char when[SHOW_TIME_MAX], *about = show_subject(r);
        show_time(r->due_ms, f->session.zone, f->span.now_ms, when);
        table_add(&t, l->fate == FATE_GOES ? PLAIN : DIM, when);
        table_add(&t, PLAIN, channel_name(r->channel));
        table_add(&t, l->fate == FATE_GOES ? BOLD : DIM, r->rule);
        table_add(&t, PLAIN, show_recipient(r));
        table_add(&t, DIM, r->recipient_name != NULL ? r->to : NULL);
        table_add(&t, DIM, about);
        add_cost(&t, g, l);
        free(about);
    }
    table_print(&t, print_why, g);
}

static void print_json(struct listing *g)
{
    for (size_t i = 0; i < g->count; i++) {
        json_t *o = outlook_json(&g->lines[i], g->o->config.settings);
        fputs(g->told++ > 0 ? ",\n" : "[\n", stdout);
        json_dumpf(o, stdout, JSON_INDENT(2) | SHOW_JSON_DIGITS);
        json_decref(o);
    }
}

static void print_page(struct listing *g)
{
    if (g->f->call->json)
        print_json(g);
    else
        print_table(g);
    for (size_t i = 0; i < g->count; i++)
        outlook_line_close(&g->lines[i]);
    g->count = 0;
}

static void print_if_full(void *arg)
{
    struct listing *g = arg;

    if (g->count > PAGE / 2)
        print_page(g);
}

static void line_cb(void *arg, struct outlook_line *line)
{
    struct listing *g = arg;

    totals_add(g->totals, line);
    if (g->f->totals)
        return;
    if (g->count == PAGE)
        print_page(g);
    g->lines[g->count++] = *line;
    *line = (struct outlook_line){0};
}

/* ---- the end of it */

static void tell_not_going(const struct outlook_sum *all)
{
    if (all->skipped > 0)
        printf("; %zu would be skipped", all->skipped);
    if (all->held > 0)
        printf("; %zu would be held", all->held);
    if (all->paused > 0)
        printf("; %zu wait%s until the rule is resumed", all->paused, all->paused == 1 ? "s" : "");
}

static void tell_sum(const struct listing *g)
{
    const struct outlook_sum *all = totals_all(g->totals);
    char count[SHOW_TIME_MAX], cost[SHOW_TIME_MAX];

    if (all->goes + all->skipped + all->held + all->paused == 0) {
        printf("Nothing will go out %s, as far as can be known now.\n", g->f->ahead);
        return;
    }
    putchar('\n');
    totals_print(g->totals);
    str_counted((int64_t)(all->goes + all->joined), "message", count);
    printf("\n%s %s", count, g->f->ahead);
    forecast_share(all->at_once, all->goes + all->joined, "at once");
    forecast_share(all->joined, all->goes + all->joined, "in one with another");
    tell_not_going(all);
    if (all->segments > 0) {
        str_counted((int64_t)all->segments, "segment", count);
        printf("; %s of text", count);
    }
    double sum = outlook_cost(g->o->config.settings, (int64_t)all->segments);
    if (sum > 0) {
        show_money(sum, g->o->config.settings, cost);
        printf(" for %s", cost);
    }
    printf(". Nothing was sent and nothing changed.\n");
}

/* Times hold only while nothing is paused. */
static int tell_pause(const struct forecast *f)
{
    bool paused;
    char *reason;
    int rc = store_paused(f->session.store, &paused, &reason);

    free(reason);
    if (rc != 0)
        return session_failed(&f->session, rc, "read whether sending is paused");
    if (paused) {
        put_text(YELLOW, "The service is paused: nothing goes until `betimes resume`.");
        printf("\n\n");
    }
    return EXIT_DONE;
}

static int list(struct forecast *f)
{
    struct outlook o = {0};
    struct listing *g = mem_zalloc(sizeof(*g));
    int status = outlook_open(f->call, &f->session, NULL, &f->span, &o);

    *g = (struct listing){.f = f, .o = &o};
    if (status == EXIT_DONE && !f->call->json)
        status = tell_pause(f);
    if (status == EXIT_DONE) {
        g->totals = totals_create(f, o.config.settings);
        status = outlook_run(&o, line_cb, print_if_full, g);
    }
    if (status == EXIT_DONE && f->call->json && f->totals) {
        status = show_print_json(totals_json(g->totals));
    } else if (status == EXIT_DONE && f->call->json) {
        print_page(g);
        puts(g->told > 0 ? "\n]" : "[]");
        status = show_flush();
    } else if (status == EXIT_DONE) {
        print_page(g);
        tell_sum(g);
    }
    for (size_t i = 0; i < g->count; i++)
        outlook_line_close(&g->lines[i]);
    totals_free(g->totals);
    free(g);
    outlook_close(&o);
    return status;
}

/* ---- what was asked */

static int read_span(struct forecast *f)
{
    const struct options *o = &f->call->options;
    char until[SHOW_TIME_MAX];
    struct err err = {""};
    int64_t days;

    if (option_number(o, "days", 1, DAYS_MAX, 30, &days, &err) != 0)
        return command_misused(f->call, "%s", err.text);
    if (option_given(o, "days") && option_given(o, "until"))
        return command_misused(f->call, "give --days or --until, not both");
    int status = session_time(f->call, "now", f->session.zone, clock_wall_ms(), &f->span.now_ms);
    if (status == EXIT_DONE)
        status = session_time(f->call, "until", f->session.zone, f->span.now_ms + days * DAY_MS,
                              &f->span.until_ms);
    if (status != EXIT_DONE)
        return status;
    if (f->span.until_ms <= f->span.now_ms)
        return command_misused(f->call, "--until: that time is past");
    if (f->span.until_ms - f->span.now_ms > DAYS_MAX * DAY_MS)
        return command_misused(f->call, "--until: that is more than %d days ahead", DAYS_MAX);
    if (option_given(o, "until")) {
        show_time(f->span.until_ms, f->session.zone, f->span.now_ms, until);
        snprintf(f->ahead, sizeof(f->ahead), "until %s", until);
    } else if (days == 1) {
        snprintf(f->ahead, sizeof(f->ahead), "in the next day");
    } else {
        snprintf(f->ahead, sizeof(f->ahead), "in the next %d days", (int)days);
    }
    return EXIT_DONE;
}

static int run_forecast(const struct call *call)
{
    const struct options *o = &call->options;
    struct forecast f = {.call = call, .totals = option_given(o, "totals")};
    int status = option_given(o, "against") && !option_given(o, "playbook")
                     ? command_misused(call, "--against goes with --playbook FILE")
                     : session_open(call, STORE_READ, &f.session);

    if (option_given(o, "progress"))
        progress_in_lines();
    f.span.words = option_given(o, "text");
    f.span.rule = option_value(o, "rule");
    if (status == EXIT_DONE)
        status = read_span(&f);
    if (status == EXIT_DONE && option_given(o, "client"))
        status =
            session_row(&f.session, ENTITY_CLIENT, option_value(o, "client"), &f.span.client_row);
    if (status == EXIT_DONE && option_given(o, "now"))
        clock_stand(f.span.now_ms); /* what the log tells counts as having happened then */
    if (status == EXIT_DONE && option_given(o, "playbook"))
        status = forecast_change(&f, option_value(o, "playbook"), option_value(o, "against"));
    else if (status == EXIT_DONE)
        status = list(&f);
    session_close(&f.session);
    return status;
}

const struct command command_forecast = {
    .name = "forecast",
    .words = "",
    .help = "What will go out, to whom, when, why and for how much; nothing is sent",
    .more =
        "As far as the records of now tell: times, texts and conditions are those of the records\n"
        "as they stand; caps, hours and consents have their effect, and what they would stop is\n"
        "told with the reason. With --playbook it tells what a changed playbook would do, before\n"
        "you use it:\n\n"
        "  betimes forecast --playbook new-playbook.conf\n\n"
        "With --json each message has also the keys why, fate (goes, joined to another,\n"
        "skipped, held or paused), planned, name, segments and cost; with --playbook also\n"
        "change: added, removed, moved or same. With --totals --json it is one object with\n"
        "the sums.\n",
    .options = forecast_options,
    .option_count = COUNT_OF(forecast_options),
    .reads = true,
    .run = run_forecast,
};
