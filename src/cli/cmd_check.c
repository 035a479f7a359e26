/* betimes check: everything that is wrong with what people wrote, at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/draft.h"
#include "cli/languages.h"
#include "cli/session.h"
#include "cli/show.h"
#include "service/sense.h"
#include "store/alerts.h"
#include "store/rules.h"
#include "time/zone.h"
#include "watch/trial.h"

/* "Alice Brown (C1) and 2 more": so that somebody can begin to mend them. */
static void put_one(struct store *s, enum entity_kind kind, int64_t row_id, int64_t all,
                    struct buf *out)
{
    char *label;

    if (store_row_label(s, kind, row_id, &label) != 0)
        return;
    buf_printf(out, "%s", label);
    if (all > 1)
        buf_printf(out, " and %lld more", (long long)all - 1);
    free(label);
}

static void check_languages(struct store *s, const char *path, const struct config *c,
                            struct problems *problems)
{
    char count[SHOW_TIME_MAX];
    int64_t clients, first;
    struct buf which, one;

    if (c->templates == NULL)
        return;
    buf_init(&which);
    buf_init(&one);
    if (languages_unspoken(s, c->templates, &clients, &first, &which) == 0 && clients > 0) {
        str_counted(clients, "client", count);
        put_one(s, ENTITY_CLIENT, first, clients, &one);
        problems_warning(
            problems, path, 0,
            "%s %s a language that no template is in (%s) and %s written to in `%s`%s%s", count,
            clients == 1 ? "has" : "have", which.data, clients == 1 ? "is" : "are",
            c->settings->business.language, one.len > 0 ? ": " : "", one.len > 0 ? one.data : "");
    }
    buf_close(&one);
    buf_close(&which);
}

#define ZONES_TOLD_MAX 5 /* of each kind of record */

static void tell_zone(struct store *s, enum entity_kind kind, const struct zone_count *z,
                      const char *path, struct problems *problems)
{
    char *near = zone_nearest(z->zone), count[STR_COUNTED_MAX];
    struct buf b;

    buf_init(&b);
    str_counted(z->rows,
                kind == ENTITY_CLIENT  ? "client"
                : kind == ENTITY_STAFF ? "member of staff"
                                       : "appointment",
                count);
    if (kind == ENTITY_STAFF && z->rows > 1)
        snprintf(count, sizeof(count), "%lld members of staff", (long long)z->rows);
    buf_printf(&b, "%s %s the time zone `%s`, which this system does not know, so that %s", count,
               z->rows == 1 ? "has" : "have", z->zone,
               kind == ENTITY_APPOINTMENT ? "no message about its time is planned"
                                          : "the business's counts");
    if (near != NULL)
        buf_printf(&b, "; did you mean `%s`?", near);
    buf_puts(&b, near != NULL ? " " : ": ");
    put_one(s, kind, z->first, z->rows, &b);
    problems_warning(problems, path, 0, "%s", b.data);
    buf_close(&b);
    free(near);
}

/* Names of zones that the database takes and nobody knows: a typo, mostly. */
static void check_zones(struct store *s, const char *path, struct problems *problems)
{
    static const enum entity_kind kinds[] = {ENTITY_CLIENT, ENTITY_STAFF, ENTITY_APPOINTMENT};

    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        struct zone_count *list;
        size_t count, told = 0;
        int rc = store_zones_named(s, kinds[k], &list, &count);
        for (size_t i = 0; rc == 0 && i < count && told < ZONES_TOLD_MAX; i++) {
            if (zone_get(list[i].zone) != NULL)
                continue;
            tell_zone(s, kinds[k], &list[i], path, problems);
            told++;
        }
        zone_counts_free(list, count);
    }
}

/* Clients are written to in two languages: what is to be written, the first few of it. */
static void tell_gap(const struct language_gap *g, const char *folder, struct problems *problems)
{
    char rules[SHOW_TIME_MAX], clients[SHOW_TIME_MAX];
    struct buf files;

    buf_init(&files);
    for (size_t i = 0; i < g->files.count && i < LANGUAGES_NAMED_MAX; i++)
        buf_printf(&files, "%s%s", i > 0 ? ", " : "", g->files.items[i]);
    if (g->files.count > LANGUAGES_NAMED_MAX)
        buf_printf(&files, " and %zu more", g->files.count - LANGUAGES_NAMED_MAX);
    str_counted((int64_t)g->rules, "rule", rules);
    str_counted(g->clients, "client", clients);
    problems_warning(problems, folder, 0,
                     "`%s`: %zu of %s that %s to clients %s words in it, so that %s %s those in "
                     "`%s`: write %s",
                     g->language, g->lacking, rules, g->rules == 1 ? "writes" : "write",
                     g->lacking == 1 ? "lacks" : "lack", clients, g->clients == 1 ? "gets" : "get",
                     g->instead, files.data);
    buf_close(&files);
}

static void check_gaps(struct store *s, const struct config *c, struct problems *problems)
{
    struct language_gap *list;
    size_t count;

    if (c->templates == NULL || c->playbook == NULL)
        return;
    int rc = languages_gaps(s, c, &list, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        tell_gap(&list[i], c->settings->templates, problems);
    language_gaps_free(list, count);
}

/* In the same words before the service has read the rule and since it lets it wait. */
static void tell_waits(const struct rule *r, const char *file, const char *what, const char *reason,
                       struct problems *problems)
{
    problems_warning(problems, file, r->line,
                     "`[rule %s]` %s %s; the service lets it wait until `betimes resume %s`, and "
                     "`betimes forecast --rule %s` shows what it would send",
                     r->name, what, reason, r->name, r->name);
}

struct waiting {
    const struct playbook *playbook;
    const struct rule_state *states;
    struct problems *problems;
};

static void check_waits(void *arg, const char *name, bool asks, const char *reason)
{
    const struct waiting *g = arg;
    const struct rule *r = playbook_rule(g->playbook, name);
    const struct rule_state *state = r != NULL ? &g->states[r - g->playbook->rules] : NULL;

    if (!asks || reason == NULL || state == NULL || !state->paused)
        return; /* not paused: it was changed since, and is asked about anew (check_blast) */
    tell_waits(r, g->playbook->file,
               state->paused_by == PAUSED_BY_BRAKE ? "has paused itself:" : "is", reason,
               g->problems);
}

/* Rules that wait for a yes already, which nobody should have to look for elsewhere. */
static void check_waiting(struct store *s, const struct playbook *p, struct problems *problems)
{
    struct rule_state *states = mem_array(p->rule_count + 1, sizeof(*states));
    struct waiting g = {.playbook = p, .states = states, .problems = problems};

    if (store_rules_read(s, p, clock_wall_ms(), states) == 0)
        store_alert_rules(s, check_waits, &g);
    free(states);
}

/* Can the service work on it? A database that is not there yet is no error of the configuration. */
static int check_database(const char *path, const struct config *c, struct problems *problems)
{
    struct store *s = NULL;
    struct err err = {""};
    char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    int rc = store_open(path, STORE_READ, &s, &err);

    if (rc == ERR_NOTFOUND) {
        problems_warning(problems, path, 0, "there is no database yet; `betimes init` makes one");
        rc = 0;
    } else if (rc != 0) {
        const char *words = str_starts(err.text, path) ? err.text + strlen(path) + 2 : err.text;
        problems_error(problems, path, 0, "%s", words);
    } else if (access(path, W_OK) != 0 || access(dir, W_OK) != 0) {
        problems_error(problems, path, 0, "it cannot be written, nor its folder: %s",
                       strerror(errno));
        rc = ERR_READONLY;
    }
    if (s != NULL) {
        check_languages(s, path, c, problems);
        check_gaps(s, c, problems);
        check_zones(s, path, problems);
        if (c->playbook != NULL) {
            sense_check_records(c->playbook, s, problems);
            check_waiting(s, c->playbook, problems);
        }
    }
    store_close(s);
    free(dir);
    return rc;
}

/* Rules that the service would stop at once: they are planned in a copy of the database. */
static int check_blast(const struct call *call, const struct config *c, struct problems *problems)
{
    struct session s = {0};
    struct draft d = {0};
    struct trial trial = {0};
    char reason[TRIAL_TEXT_MAX];
    bool done = c->settings->blast_clients == 0;
    int status = session_open(call, STORE_READ, &s);
    int rc = 0;

    if (status == EXIT_DONE && !draft_on_trial(&s, c, clock_wall_ms()))
        done = true;
    if (status == EXIT_DONE && !done)
        status = draft_make(&s, c, clock_wall_ms(), &d);
    while (status == EXIT_DONE && rc == 0 && !done)
        rc = trial_count(&trial, &d.world, d.now_ms, &done);
    for (size_t i = 0; rc == 0 && i < trial.rule_count; i++) {
        size_t n = trial_recipients(&trial, i);
        if (n <= (size_t)c->settings->blast_clients)
            continue;
        trial_reason(&d.world, i, n, reason);
        tell_waits(&c->playbook->rules[i], c->playbook->file, "is", reason, problems);
    }
    if (rc != 0)
        status = session_failed(&d.session, rc, "count in a copy of the database");
    trial_close(&trial);
    draft_close(&d);
    session_close(&s);
    return status;
}

static json_t *problems_json(const struct problems *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->items[i];
        json_t *o = json_object();
        json_object_set_new(o, "file", show_json_text(one->file));
        json_object_set_new(o, "line", one->line > 0 ? json_integer(one->line) : json_null());
        json_object_set_new(o, "column", one->column > 0 ? json_integer(one->column) : json_null());
        json_object_set_new(o, "severity", json_string(one->warning ? "warning" : "error"));
        json_object_set_new(o, "text", show_json_text(one->text));
        json_array_append_new(list, o);
    }
    return list;
}

static size_t count_languages(const struct template_set *set)
{
    struct str_list seen = {0};

    for (size_t i = 0; i < template_set_count(set); i++) {
        const char *language = template_set_at(set, i)->language;
        if (!str_list_has(&seen, language))
            str_list_add(&seen, language, strlen(language));
    }
    size_t n = seen.count;
    str_list_close(&seen);
    return n;
}

static void print_summary(const struct config *c, const struct problems *p)
{
    char a[SHOW_TIME_MAX], b[SHOW_TIME_MAX], d[SHOW_TIME_MAX], e[SHOW_TIME_MAX];

    if (p->errors > 0) {
        str_counted((int64_t)p->errors, "error", a);
        printf("%s to mend.\n", a);
        return;
    }
    str_counted((int64_t)c->playbook->workflow_count, "workflow", a);
    str_counted((int64_t)c->playbook->rule_count, "rule", b);
    str_counted((int64_t)count_languages(c->templates), "language", d);
    str_counted((int64_t)p->count, "warning", e);
    printf("%s, %s, %s; ", a, b, d);
    if (p->count > 0)
        printf("%s, nothing that has to be mended.\n", e);
    else
        printf("nothing to mend.\n");
}

static int run_check(const struct call *call)
{
    struct problems problems = {0};
    struct config c;
    struct session s;
    int status = session_find(call, &s);

    if (status != EXIT_DONE) {
        session_close(&s);
        return status;
    }
    if (config_load(call->dir, NULL, &problems, &c) != 0)
        status = EXIT_ASKED;
    int database = check_database(s.database, &c, &problems);
    if (database != 0 && status == EXIT_DONE)
        status = EXIT_FAILED;
    if (status == EXIT_DONE && fs_exists(s.database))
        status = check_blast(call, &c, &problems);
    if (call->json) {
        int printed = show_print_json(problems_json(&problems));
        status = status != EXIT_DONE ? status : printed;
    } else {
        for (size_t i = 0; i < problems.count; i++) {
            char *line = problem_format(&problems.items[i]);
            fprintf(stderr, "%s\n", line);
            free(line);
        }
        print_summary(&c, &problems);
    }
    config_free(&c);
    problems_close(&problems);
    session_close(&s);
    return status;
}

const struct command command_check = {
    .name = "check",
    .words = "",
    .help = "Is the configuration in order? Lists everything that is not",
    .more = "Reads betimes.conf, the playbook, the provider files and all templates, and prints\n"
            "everything that is wrong, each as `file:line: what is wrong, and what would be\n"
            "right`. Looks at the database as well. Nothing is changed and nothing sent.\n",
    .reads = true,
    .run = run_check,
};
