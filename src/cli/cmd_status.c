/* betimes status: how it all is, on one page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/languages.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/calendars.h"

static json_t *time_or_null(int64_t ms)
{
    return ms != 0 && ms != INT64_MAX ? show_json_time(ms) : json_null();
}

static json_t *rules_json(const struct store_status *st)
{
    json_t *list = json_array();

    for (size_t i = 0; i < st->rule_count; i++) {
        const struct rule_status *r = &st->rules[i];
        json_t *o = json_object();
        json_object_set_new(o, "rule", show_json_text(r->name));
        json_object_set_new(o, "purpose", show_json_text(r->purpose));
        json_object_set_new(o, "present", json_boolean(r->present));
        json_object_set_new(o, "since", show_json_time(r->since_ms));
        json_object_set_new(o, "paused", time_or_null(r->paused_ms));
        json_object_set_new(o, "pause_reason", show_json_text(r->pause_reason));
        json_object_set_new(o, "asks", json_boolean(r->asks));
        json_object_set_new(o, "on_trial", json_boolean(r->on_trial));
        json_object_set_new(o, "waiting", json_integer(r->waiting));
        json_object_set_new(o, "sent", json_integer(r->sent));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *holder_json(const struct lock_holder *h)
{
    json_t *o = json_object();

    json_object_set_new(o, "pid", json_integer(h->pid));
    json_object_set_new(o, "host", show_json_text(h->host));
    json_object_set_new(o, "since", time_or_null(h->since_ms));
    if (h->works) {
        json_object_set_new(o, "epoch", h->epoch > 0 ? json_integer(h->epoch) : json_null());
        json_object_set_new(o, "trouble",
                            h->words[0] != '\0' ? show_json_text(h->words) : json_null());
    }
    return o;
}

/* Who works, and who stands by. */
static void services_json(json_t *o, const struct service_holders *holders)
{
    json_t *works = json_null(), *by = json_array();

    for (size_t i = 0; i < holders->count; i++)
        if (holders->items[i].works)
            works = holder_json(&holders->items[i]);
        else
            json_array_append_new(by, holder_json(&holders->items[i]));
    json_object_set_new(o, "service", works);
    json_object_set_new(o, "standing_by", by);
}

struct page {
    const struct session *s;
    const struct store_status *st;
    enum service_life life;
    struct service_holders holders;
    const char *dir;
    size_t errors;        /* of the configuration as it is saved now */
    int64_t unspoken;     /* clients whose language no template speaks */
    struct buf languages; /* which those are */
    struct calendar_health calendars;
    int64_t now_ms;
    char count[SHOW_TIME_MAX], time[SHOW_TIME_MAX], span[SHOW_TIME_MAX];
};

static json_t *status_json(const struct page *p)
{
    const struct session *s = p->s;
    const struct store_status *st = p->st;
    json_t *o = json_object(), *counts = json_object();
    struct service_holders holders;
    enum service_life life = session_service(s, &holders);

    for (int i = 0; i < MESSAGE_STATES; i++)
        json_object_set_new(counts, message_state_name((enum message_state)i),
                            json_integer(st->counts[i]));
    json_object_set_new(o, "database", show_json_text(s->database));
    json_object_set_new(o, "running",
                        life == SERVICE_HIDDEN ? json_null() : json_boolean(life == SERVICE_RUNS));
    services_json(o, &holders);
    json_object_set_new(o, "config_errors", json_integer((json_int_t)p->errors));
    json_object_set_new(o, "paused", json_boolean(st->paused));
    json_object_set_new(o, "pause_reason", show_json_text(st->pause_reason));
    json_object_set_new(o, "messages", counts);
    json_object_set_new(o, "next_due", time_or_null(st->next_due_ms));
    json_object_set_new(o, "overdue", json_integer(st->overdue));
    json_object_set_new(o, "oldest_due", time_or_null(st->oldest_due_ms));
    json_object_set_new(o, "last_sent", time_or_null(st->last_sent_ms));
    json_object_set_new(o, "changes", json_integer(st->changes));
    json_object_set_new(o, "tasks", json_integer(st->tasks));
    json_object_set_new(o, "calendars",
                        json_pack("{sI sI sI}", "read", (json_int_t)p->calendars.read, "trouble",
                                  (json_int_t)p->calendars.trouble, "asks",
                                  (json_int_t)p->calendars.asks));
    json_object_set_new(o, "clients", json_integer(st->clients));
    json_object_set_new(o, "clients_in_other_languages", json_integer(p->unspoken));
    json_object_set_new(o, "jobs", json_integer(st->jobs));
    json_object_set_new(o, "appointments", json_integer(st->appointments));
    json_object_set_new(o, "rules", rules_json(st));
    return o;
}

static void label(const char *text)
{
    put_text(DIM, text);
    printf("%*s", (int)(12 - text_columns(text)), "");
}

/* Secrets and templates that only others may read would look like errors to anyone else. */
static bool may_judge(const char *dir)
{
    char *path = fs_join(dir, "betimes.conf");
    struct stat st;
    bool may = stat(path, &st) == 0 && (geteuid() == 0 || geteuid() == st.st_uid);

    free(path);
    return may;
}

static void judge(const char *dir, struct store *s, struct page *p)
{
    struct problems problems = {0};
    struct config c;

    config_load(dir, NULL, &problems, &c);
    p->errors = problems.errors;
    if (c.templates != NULL &&
        languages_unspoken(s, c.templates, &p->unspoken, NULL, &p->languages) != 0)
        p->unspoken = 0;
    config_free(&c);
    problems_close(&problems);
}

static void print_config(struct page *p)
{
    if (p->errors == 0)
        return;
    str_counted((int64_t)p->errors, "error", p->count);
    label("");
    printf("the configuration in ");
    put_text(PLAIN, p->dir);
    printf(" has ");
    put_text(RED, p->count);
    printf("%s; `betimes check` lists them\n",
           p->life == SERVICE_RUNS ? "; the service goes on with the one before" : "");
}

/* Whoever cannot be told apart by its record is there all the same. */
static void print_holder(struct page *p, const struct lock_holder *h)
{
    if (h->pid == 0)
        return;
    show_time(h->since_ms, p->s->zone, p->now_ms, p->time);
    printf(", process %d on ", h->pid);
    put_text(PLAIN, h->host);
    printf(" since %s", p->time);
    if (h->epoch > 0)
        printf(", start number %lld", (long long)h->epoch);
}

/* The one trouble that does not pass by itself. */
static void print_damage(const char *words)
{
    if (strcmp(words, err_name(ERR_CORRUPT)) != 0)
        return;
    printf(": the database is damaged; nothing is planned or sent until a backup is\n");
    label("");
    printf("in its place and the service is started again");
}

static void print_service(struct page *p)
{
    const struct lock_holder *h = p->holders.items;

    label("service");
    switch (p->life) {
    case SERVICE_RUNS:
        put_text(h->words[0] == '\0' ? GREEN : RED, "running");
        print_holder(p, h);
        if (h->words[0] != '\0') {
            printf("\n");
            label("");
            put_text(RED, h->words);
            print_damage(h->words);
        }
        break;
    case SERVICE_STOPPED:
        put_text(RED, "not running");
        printf("; `betimes run` starts it");
        break;
    case SERVICE_HIDDEN:
        printf("whether it runs is not for your eyes");
        break;
    }
    putchar('\n');
    for (size_t i = 0; i < p->holders.count; i++)
        if (!h[i].works) {
            label("");
            printf("one stands by");
            print_holder(p, &h[i]);
            putchar('\n');
        }
    print_config(p);
    if (!p->st->paused)
        return;
    label("");
    put_text(YELLOW, "paused");
    if (p->st->pause_reason != NULL) {
        printf(": ");
        put_text(PLAIN, p->st->pause_reason);
    }
    bool told = p->st->pause_reason != NULL && strstr(p->st->pause_reason, "`betimes resume`");
    printf("%s\n", told ? "" : "; `betimes resume` goes on"); /* a copy's reason says so itself */
}

/* Which clock all times here are on, when betimes.conf does not say it. */
static void print_clock(const struct page *p)
{
    if (p->s->zone_from == ZONE_WRITTEN)
        return;
    label("times");
    put_text(YELLOW, p->s->zone_from == ZONE_REMEMBERED ? zone_name(p->s->zone) : "in UTC");
    printf(p->s->zone_from == ZONE_REMEMBERED
               ? ", as before: betimes.conf names no time zone that is known\n"
               : ": betimes.conf names no time zone that is known\n");
}

static void print_queue(struct page *p)
{
    const struct store_status *st = p->st;
    bool first = true;

    label("messages");
    for (int i = 0; i < MESSAGE_STATES; i++) {
        if (st->counts[i] == 0)
            continue;
        printf("%s%lld ", first ? "" : ", ", (long long)st->counts[i]);
        put_text(show_colour((enum message_state)i), message_state_name((enum message_state)i));
        first = false;
    }
    printf("%s\n", first ? "none yet" : "");
    if (st->counts[MESSAGE_UNKNOWN] > 0) {
        label("unknown");
        printf("nobody can tell whether they went; `betimes outbox --unknown` lists them\n");
    }
    if (st->next_due_ms != INT64_MAX) {
        label("next");
        show_time(st->next_due_ms, p->s->zone, p->now_ms, p->time);
        show_span(st->next_due_ms - p->now_ms, p->span);
        printf("%s, in %s\n", p->time, p->span);
    }
    if (st->overdue > 0) {
        label("overdue");
        str_counted(st->overdue, "message", p->count);
        show_span(p->now_ms - st->oldest_due_ms, p->span);
        put_text(YELLOW, p->count);
        printf(", the oldest for %s; `betimes outbox` lists them\n", p->span);
    }
    label("last sent");
    if (st->last_sent_ms == 0) {
        printf("nothing yet\n");
    } else {
        show_time(st->last_sent_ms, p->s->zone, p->now_ms, p->time);
        printf("%s\n", p->time);
    }
}

static void print_calendars(struct page *p)
{
    const struct calendar_health *c = &p->calendars;

    if (c->read == 0)
        return;
    label("calendars");
    printf("%lld read", (long long)c->read);
    if (c->trouble > 0) {
        printf(", ");
        put_text(RED, "trouble");
        printf(" with %lld", (long long)c->trouble);
    }
    if (c->asks > 0) {
        printf(", %lld ", (long long)c->asks);
        put_text(YELLOW, c->asks == 1 ? "waits for a yes" : "wait for a yes");
    }
    printf("%s\n", c->trouble + c->asks > 0 ? "; `betimes calendar` tells more" : "");
}

static void print_rest(struct page *p)
{
    const struct store_status *st = p->st;

    if (st->changes > 0) {
        label("changes");
        str_counted(st->changes, "change", p->count);
        printf("%s of other programs not looked at yet\n", p->count);
    }
    if (st->tasks > 0) {
        label("tasks");
        str_counted(st->tasks, "open task", p->count);
        put_text(YELLOW, p->count);
        printf(" for people; `betimes tasks` lists them\n");
    }
    print_calendars(p);
    label("records");
    str_counted(st->clients, "client", p->count);
    printf("%s, ", p->count);
    str_counted(st->jobs, "job", p->count);
    printf("%s, ", p->count);
    str_counted(st->appointments, "appointment", p->count);
    printf("%s\n", p->count);
    if (p->unspoken > 0) {
        label("languages");
        str_counted(p->unspoken, "client", p->count);
        put_text(YELLOW, p->count);
        printf(" with a language that no template is in: ");
        put_text(PLAIN, p->languages.data);
        putchar('\n');
    }
    label("database");
    put_text(PLAIN, p->s->database);
    putchar('\n');
}

/* Has anything waited or gone, or is there something to say of a rule? */
static bool rules_matter(const struct store_status *st)
{
    for (size_t i = 0; i < st->rule_count; i++) {
        const struct rule_status *r = &st->rules[i];
        if (r->waiting > 0 || r->sent > 0 ||
            (r->present && (r->asks || r->on_trial || r->paused_ms != 0)))
            return true;
    }
    return false;
}

static void print_rules(struct page *p)
{
    static const char *const heads[] = {"rule", "waiting", "sent", ""};
    struct table t = {.heads = heads, .columns = 4, .give = 3, .right = 1u << 1 | 1u << 2};

    for (size_t i = 0; i < p->st->rule_count && rules_matter(p->st); i++) {
        const struct rule_status *r = &p->st->rules[i];
        if (!r->present && r->waiting == 0)
            continue;
        table_add(&t, PLAIN, r->name);
        table_addf(&t, r->waiting > 0 ? PLAIN : DIM, "%lld", (long long)r->waiting);
        table_addf(&t, r->sent > 0 ? PLAIN : DIM, "%lld", (long long)r->sent);
        if (r->asks)
            table_addf(&t, YELLOW, "waits for a yes: %s", r->pause_reason);
        else if (r->paused_ms != 0)
            table_addf(&t, YELLOW, "paused%s%s", r->pause_reason != NULL ? ": " : "",
                       r->pause_reason != NULL ? r->pause_reason : "");
        else if (r->on_trial)
            table_add(&t, DIM, "new or changed: first it is counted whom it would write to");
        else
            table_add(&t, DIM, r->present ? "" : "not in the playbook any more");
    }
    if (t.count == 0)
        return;
    putchar('\n');
    table_print(&t, NULL, NULL);
}

/* What to do about the rules that wait for a yes. */
static void print_questions(const struct page *p)
{
    bool first = true;

    for (size_t i = 0; i < p->st->rule_count; i++) {
        const struct rule_status *r = &p->st->rules[i];
        if (!r->asks || !r->present)
            continue;
        printf("%s`betimes forecast --rule %s` shows what %s would send, `betimes resume %s` lets "
               "it go.\n",
               first ? "\n" : "", r->name, r->name, r->name);
        first = false;
    }
}

static int run_status(const struct call *call)
{
    struct store_status st = {0};
    int64_t now_ms = clock_wall_ms();
    struct session s;
    int status = session_open(call, STORE_READ, &s);

    if (status == EXIT_DONE) {
        int rc = store_status(s.store, now_ms, &st);
        struct page p = {.s = &s, .st = &st, .now_ms = now_ms, .dir = call->dir};
        if (rc == 0)
            rc = store_calendar_health(s.store, now_ms - CALENDAR_FRESH_MS, &p.calendars);
        buf_init(&p.languages);
        if (may_judge(call->dir))
            judge(call->dir, s.store, &p);
        p.life = session_service(&s, &p.holders);
        if (rc != 0) {
            status = session_failed(&s, rc, "read the state");
        } else if (call->json) {
            status = show_print_json(status_json(&p));
        } else {
            print_service(&p);
            print_clock(&p);
            print_queue(&p);
            print_rest(&p);
            print_rules(&p);
            print_questions(&p);
        }
        buf_close(&p.languages);
    }
    store_status_close(&st);
    session_close(&s);
    return status;
}

const struct command command_status = {
    .name = "status",
    .words = "",
    .help = "How the service, its messages and its rules are",
    .more = "Whether the service runs, what waits, what is overdue, which rules are paused.\n",
    .reads = true,
    .run = run_status,
};
