/*
 * betimes forecast --playbook: what another playbook would change. See cli/forecast.h. How the two
 * meet is in forecast_meet.c; here it is added up and told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "comparison.h"
#include "store/records.h"

#define NAMES_MAX 10 /* clients told by name */

struct rule_change {
    size_t counts[CHANGE_LATER + 1];
    size_t at_once;   /* of what is added or moved */
    size_t kept;      /* of what is as it is: the rule means another time, and hours keep it */
    size_t clients;   /* who gets those */
    int64_t segments; /* more than now; below zero: fewer */
};

/* How many clients a rule (SIZE_MAX: all of them) would write to at once that it would not have
 * written to now. */
static size_t clients_at_once(const struct comparison *c, size_t rule)
{
    int64_t *rows = mem_array(c->other.count + 1, sizeof(*rows));
    size_t count = 0, distinct = 0;

    for (size_t i = 0; i < c->other.count; i++) {
        const struct mark *m = &c->other.items[i];
        if (m->at_once && mark_is_more(m) && (rule == SIZE_MAX || m->rule == rule))
            rows[count++] = m->client_row;
    }
    if (count > 0)
        qsort(rows, count, sizeof(*rows), comparison_by_row);
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || rows[i] != rows[i - 1];
    free(rows);
    return distinct;
}

/* How many clients the rule would ask for, as the service counts them; 0: it asks nobody. */
static size_t asks_for(const struct comparison *c, const char *name)
{
    const struct rule *r = playbook_rule(c->o.config.playbook, name);

    return r != NULL ? c->o.asks[r - c->o.config.playbook->rules] : 0;
}

static struct rule_change *count_up(const struct comparison *c)
{
    struct rule_change *rules = mem_array(c->names.count + 1, sizeof(*rules));

    for (size_t i = 0; i < c->other.count; i++) {
        const struct mark *m = &c->other.items[i];
        rules[m->rule].counts[m->change]++;
        rules[m->rule].at_once += m->at_once && mark_is_more(m);
        rules[m->rule].kept += m->kept;
        rules[m->rule].segments += (int64_t)m->segments;
    }
    for (size_t i = 0; i < c->now.count; i++) {
        const struct mark *m = &c->now.items[i];
        rules[m->rule].counts[CHANGE_REMOVED] += m->change == CHANGE_REMOVED;
        rules[m->rule].segments -= (int64_t)m->segments;
    }
    for (size_t i = 0; i < c->names.count; i++)
        rules[i].clients = rules[i].at_once > 0 ? clients_at_once(c, i) : 0;
    return rules;
}

static struct rule_change add_up(const struct comparison *c, const struct rule_change *rules)
{
    struct rule_change all = {.clients = clients_at_once(c, SIZE_MAX)};

    for (size_t i = 0; i < c->names.count; i++) {
        for (int k = 0; k <= CHANGE_LATER; k++)
            all.counts[k] += rules[i].counts[k];
        all.at_once += rules[i].at_once;
        all.kept += rules[i].kept;
        all.segments += rules[i].segments;
    }
    return all;
}

/* --- telling people --- */

static void put_money(const struct comparison *c, int64_t segments, char out[SHOW_TIME_MAX])
{
    double sum = outlook_cost(c->o.config.settings, segments);
    char money[SHOW_TIME_MAX];

    show_money(sum < 0 ? -sum : sum, c->o.config.settings, money);
    snprintf(out, SHOW_TIME_MAX, "%s%.30s", sum < 0 ? "-" : sum > 0 ? "+" : "", money);
}

static void put_rules(const struct comparison *c, const struct rule_change *rules)
{
    static const char *const heads[] = {"rule",  "new",     "gone",    "earlier", "later",
                                        "as is", "at once", "clients", "cost"};
    static const enum difference order[] = {CHANGE_ADDED, CHANGE_REMOVED, CHANGE_EARLIER,
                                            CHANGE_LATER, CHANGE_SAME};
    struct table t = {.heads = heads, .columns = 9, .right = 0x1feu};

    for (size_t i = 0; i < c->names.count; i++) {
        char cost[SHOW_TIME_MAX];
        table_add(&t, BOLD, c->names.items[i]);
        for (size_t k = 0; k < COUNT_OF(order); k++) {
            size_t n = rules[i].counts[order[k]];
            table_addf(&t, n == 0 ? DIM : PLAIN, "%zu", n);
        }
        table_addf(&t, rules[i].at_once == 0 ? DIM : PLAIN, "%zu", rules[i].at_once);
        table_addf(&t, rules[i].clients == 0 ? DIM : PLAIN, "%zu", rules[i].clients);
        put_money(c, rules[i].segments, cost);
        table_add(&t, PLAIN, cost);
    }
    table_print(&t, NULL, NULL);
}

/* Who gets what is new or moved: the first of them by name, and how many more there are. */
struct whom {
    struct str_list names;
    size_t more;
};

static int add_name(const struct comparison *c, int64_t row, struct whom *out)
{
    struct client who;
    int rc = store_client(c->f->session.store, row, &who);

    if (rc == ERR_NOTFOUND)
        str_list_add(&out->names, "(gone)", strlen("(gone)"));
    if (rc != 0)
        return rc == ERR_NOTFOUND ? 0 : rc;
    str_list_add(&out->names, who.name, strlen(who.name));
    client_close(&who);
    return 0;
}

/* str_list_close(&out->names) in any case. */
static int find_whom(const struct comparison *c, bool at_once, struct whom *out)
{
    int64_t told[NAMES_MAX];
    size_t names = 0, count = 0, all = 0;
    int64_t *rows = mem_array(c->other.count + 1, sizeof(*rows));
    int rc = 0;

    *out = (struct whom){0};
    for (size_t i = 0; i < c->other.count; i++)
        if (mark_is_more(&c->other.items[i]) && (!at_once || c->other.items[i].at_once))
            rows[count++] = c->other.items[i].client_row;
    for (size_t i = 0; rc == 0 && i < count && names < NAMES_MAX; i++) {
        size_t k = 0;
        while (k < names && told[k] != rows[i])
            k++;
        if (k == names && rows[i] != 0) {
            told[names++] = rows[i];
            rc = add_name(c, rows[i], out);
        }
    }
    if (count > 0)
        qsort(rows, count, sizeof(*rows), comparison_by_row);
    for (size_t i = 0; i < count; i++)
        all += rows[i] != 0 && (i == 0 || rows[i] != rows[i - 1]);
    free(rows);
    out->more = all - names;
    return rc;
}

/* "To Anna Ozola, Jānis Bērziņš and 212 more." */
static int put_names(const struct comparison *c, bool at_once)
{
    struct whom whom;
    struct buf b;
    int rc = find_whom(c, at_once, &whom);
    size_t names = whom.names.count;

    buf_init(&b);
    for (size_t i = 0; i < names; i++) {
        const char *before = i == 0 ? "To " : i + 1 == names && whom.more == 0 ? " and " : ", ";
        buf_printf(&b, "%s%s", before, whom.names.items[i]);
    }
    if (whom.more > 0)
        buf_printf(&b, " and %zu more", whom.more);
    buf_puts(&b, ".");
    if (rc == 0 && names > 0) {
        printf("  ");
        put_folded(b.data, 2, 2);
    }
    buf_close(&b);
    str_list_close(&whom.names);
    return rc;
}

static void put_counted(size_t n, const char *what, const char *ahead)
{
    char count[SHOW_TIME_MAX];

    str_counted((int64_t)n, "message", count);
    if (n == 0)
        printf("No message is %s %s.\n", what, ahead);
    else
        printf("%s %s %s %s.\n", count, n == 1 ? "is" : "are", what, ahead);
}

static int put_change(struct comparison *c, const char *path, const char *against,
                      const struct rule_change *rules)
{
    struct rule_change all = add_up(c, rules);
    const char *ahead = c->f->ahead;
    char cost[SHOW_TIME_MAX];
    int rc = 0;

    printf("With %s in the place of %s:\n\n", path,
           against != NULL ? against : "the present playbook");
    if (!c->f->totals || c->names.count > 0)
        put_rules(c, rules);
    putchar('\n');
    put_counted(all.counts[CHANGE_ADDED], "added", ahead);
    put_counted(all.counts[CHANGE_REMOVED], "dropped", ahead);
    put_counted(all.counts[CHANGE_EARLIER] + all.counts[CHANGE_LATER], "moved", ahead);
    if (all.counts[CHANGE_ADDED] + all.counts[CHANGE_EARLIER] + all.counts[CHANGE_LATER] > 0)
        rc = put_names(c, false);
    if (all.at_once > 0) {
        printf("%zu of those would go at once.\n", all.at_once);
        if (rc == 0)
            rc = put_names(c, true);
    }
    if (rc == 0)
        rc = examples_put(c);
    for (size_t i = 0; i < c->names.count; i++)
        if (asks_for(c, c->names.items[i]) > 0)
            printf("The rule %s would write to %zu clients at once, more than the %d of [limits] "
                   "blast: it would wait for `betimes resume %s`.\n",
                   c->names.items[i], asks_for(c, c->names.items[i]), c->blast_clients,
                   c->names.items[i]);
    put_money(c, all.segments, cost);
    if (all.segments != 0)
        printf("%+lld segments of text, %s.\n", (long long)all.segments, cost);
    printf("Nothing was sent and nothing changed.\n");
    return rc;
}

/* --- telling programs --- */

static json_t *counts_json(const struct comparison *c, const struct rule_change *r)
{
    json_t *o = json_object();

    json_object_set_new(o, "added", json_integer((json_int_t)r->counts[CHANGE_ADDED]));
    json_object_set_new(o, "removed", json_integer((json_int_t)r->counts[CHANGE_REMOVED]));
    json_object_set_new(o, "earlier", json_integer((json_int_t)r->counts[CHANGE_EARLIER]));
    json_object_set_new(o, "later", json_integer((json_int_t)r->counts[CHANGE_LATER]));
    json_object_set_new(o, "same", json_integer((json_int_t)r->counts[CHANGE_SAME]));
    json_object_set_new(o, "kept", json_integer((json_int_t)r->kept));
    json_object_set_new(o, "at_once", json_integer((json_int_t)r->at_once));
    json_object_set_new(o, "clients_at_once", json_integer((json_int_t)r->clients));
    json_object_set_new(o, "segments", json_integer(r->segments));
    json_object_set_new(o, "cost",
                        c->o.config.settings->channels[CHANNEL_SMS].price > 0 || r->segments == 0
                            ? json_real(outlook_cost(c->o.config.settings, r->segments))
                            : json_null());
    return o;
}

static int set_whom(const struct comparison *c, json_t *o, const char *key, bool at_once)
{
    struct whom whom;
    int rc = find_whom(c, at_once, &whom);
    json_t *list = json_array(), *one = json_object();

    for (size_t i = 0; i < whom.names.count; i++)
        json_array_append_new(list, show_json_text(whom.names.items[i]));
    json_object_set_new(one, "names", list);
    json_object_set_new(one, "more", json_integer((json_int_t)whom.more));
    json_object_set_new(o, key, one);
    str_list_close(&whom.names);
    return rc;
}

static int print_totals(const struct comparison *c, const struct rule_change *rules)
{
    struct rule_change all = add_up(c, rules);
    json_t *o = counts_json(c, &all), *list = json_array(), *examples = NULL;
    int rc = set_whom(c, o, "to", false);

    if (rc == 0)
        rc = set_whom(c, o, "to_at_once", true);
    if (rc == 0)
        rc = examples_json(c, &examples);
    json_object_set_new(o, "examples", examples);
    for (size_t i = 0; i < c->names.count; i++) {
        json_t *r = counts_json(c, &rules[i]);
        json_object_set_new(r, "rule", show_json_text(c->names.items[i]));
        json_object_set_new(r, "waits", json_boolean(asks_for(c, c->names.items[i]) > 0));
        json_object_set_new(r, "asks_for",
                            json_integer((json_int_t)asks_for(c, c->names.items[i])));
        json_array_append_new(list, r);
    }
    json_object_set_new(o, "rules", list);
    if (rc == 0)
        return show_print_json(o);
    json_decref(o);
    return session_failed(&c->f->session, rc, "read the clients");
}

/* The marks' lines, as they come; the list is left open. */
static int print_side(struct comparison *c, const struct side *s, bool removed, size_t *told)
{
    static const char *const words[] = {"same", "added", "removed", "moved", "moved"};
    char *line = NULL;
    size_t cap = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        const struct mark *m = &s->items[i];
        if (removed && m->change != CHANGE_REMOVED)
            continue;
        if (fseek(c->spool, m->told_at, SEEK_SET) != 0 || getline(&line, &cap, c->spool) < 0) {
            rc = ERR_IO;
            break;
        }
        json_t *o = json_loads(line, 0, NULL);
        json_object_set_new(o, "change", json_string(words[m->change]));
        json_object_set_new(o, "was",
                            m->change >= CHANGE_EARLIER ? show_json_time(m->was_ms) : json_null());
        fputs((*told)++ > 0 ? ",\n" : "[\n", stdout);
        json_dumpf(o, stdout, JSON_INDENT(2) | SHOW_JSON_DIGITS);
        json_decref(o);
    }
    free(line);
    return rc;
}

static int print_lines(struct comparison *c)
{
    size_t told = 0;
    int rc = fflush(c->spool) == 0 && !ferror(c->spool) ? 0 : ERR_IO;

    if (rc == 0)
        rc = print_side(c, &c->other, false, &told);
    if (rc == 0)
        rc = print_side(c, &c->now, true, &told);
    if (rc != 0)
        return command_error(rc, "the temporary file cannot be used: is its disk full?");
    puts(told > 0 ? "\n]" : "[]");
    return show_flush();
}

int forecast_change(struct forecast *f, const char *path, const char *against)
{
    struct comparison c = {.f = f};
    struct rule_change *rules = NULL;
    int status = EXIT_DONE;

    f->span.yes = true; /* what would wait for one is told beside what it would do */
    if (f->call->json && !f->totals && (c.spool = tmpfile()) == NULL)
        return command_error(ERR_IO, "a temporary file cannot be made");
    status = comparison_collect(&c, against, &c.now);
    if (status == EXIT_DONE)
        status = comparison_collect(&c, path, &c.other);
    if (status == EXIT_DONE) {
        comparison_meet(&c);
        rules = count_up(&c);
        marks_sort_by_time(&c.now);
        marks_sort_by_time(&c.other);
    }
    if (status == EXIT_DONE && c.spool != NULL) {
        status = print_lines(&c);
    } else if (status == EXIT_DONE && f->call->json) {
        status = print_totals(&c, rules);
    } else if (status == EXIT_DONE) {
        int rc = put_change(&c, path, against, rules);
        status = rc == 0 ? EXIT_DONE : session_failed(&f->session, rc, "read the clients");
    }
    outlook_close(&c.o);
    free(rules);
    free(c.now.items);
    free(c.other.items);
    str_list_close(&c.names);
    str_list_close(&c.shifts);
    if (c.spool != NULL)
        fclose(c.spool);
    return status;
}
