/*
 * betimes forecast --playbook: what another playbook would change. See cli/forecast.h.
 *
 * Each playbook is tried out in a draft of its own, one after the other. Of each message that would
 * go a mark is kept: what makes it the same message in both, and when it goes. Then the marks meet,
 * as two sorted lists do. For --json their lines wait in a file without a name, as they are told
 * only once it is known what became of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/forecast.h"
#include "store/records.h"

#define NAMES_MAX 10 /* clients told by name */

enum difference { CHANGE_SAME, CHANGE_ADDED, CHANGE_REMOVED, CHANGE_EARLIER, CHANGE_LATER };

/* A message that would go. */
struct mark {
    size_t rule; /* index in the comparison's names */
    int64_t subject, recipient, occurrence;
    int repeat;
    enum channel channel;
    int64_t at_ms, client_row;
    double cost;
    size_t segments;
    bool at_once;
    enum difference change;
    int64_t was_ms; /* EARLIER, LATER: when it went by the other playbook */
    long told_at;   /* where its line stands in the spool */
};

struct side {
    struct mark *items;
    size_t count, cap;
};

struct rule_change {
    size_t counts[CHANGE_LATER + 1];
    size_t at_once; /* of what is added or moved */
    size_t clients; /* who gets those */
    double cost;    /* more than now; below zero: less */
    int64_t segments;
};

struct comparison {
    struct forecast *f;
    struct outlook o; /* of the side that is being collected */
    struct side now, other;
    struct side *filling;
    struct str_list names;
    FILE *spool; /* NULL: nobody asks for lines */
    int blast_clients;
};

/* --- collecting --- */

static size_t name_index(struct str_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return i;
    str_list_add(names, name, strlen(name));
    return names->count - 1;
}

/* An address or the office is met by what it is: its row may be the draft's own. */
static int64_t recipient_of(const struct outlook_line *l)
{
    const char *to = l->row.to != NULL ? l->row.to : "";

    if (l->row.recipient_kind == ENTITY_CLIENT || l->row.recipient_kind == ENTITY_STAFF)
        return l->recipient_id;
    return (int64_t)(str_hash(to, strlen(to), 0) | UINT64_C(1) << 63);
}

static void line_cb(void *arg, struct outlook_line *l)
{
    struct comparison *c = arg;
    struct side *s = c->filling;

    if (l->fate != FATE_GOES && l->fate != FATE_JOINED)
        return;
    mem_grow(&s->items, &s->cap, s->count + 1, sizeof(*s->items));
    s->items[s->count++] = (struct mark){
        .rule = name_index(&c->names, l->row.rule),
        .subject = l->subject_id,
        .recipient = recipient_of(l),
        .occurrence = l->occurrence,
        .repeat = l->repeat,
        .channel = l->row.channel,
        .at_ms = l->row.due_ms,
        .client_row = l->row.client_id,
        .cost = l->cost,
        .segments = l->segments,
        .at_once = l->at_once,
        .told_at = c->spool != NULL ? ftell(c->spool) : 0,
    };
    if (c->spool == NULL)
        return;
    json_t *o = outlook_json(l, c->o.config.settings);
    json_dumpf(o, c->spool, JSON_COMPACT);
    fputc('\n', c->spool);
    json_decref(o);
}

static int collect(struct comparison *c, const char *playbook, struct side *into)
{
    c->o = (struct outlook){0};
    c->filling = into;
    int status = outlook_open(c->f->call, &c->f->session, playbook, &c->f->span, &c->o);
    if (status == EXIT_DONE)
        status = outlook_run(&c->o, line_cb, NULL, c);
    if (status == EXIT_DONE && playbook != NULL)
        c->blast_clients = c->o.config.settings->blast_clients;
    if (playbook == NULL)
        outlook_close(&c->o); /* the other one's settings are told with */
    return status;
}

/* --- meeting --- */

#define ORDER(a, b)                                                                                \
    if ((a) != (b))                                                                                \
    return (a) < (b) ? -1 : 1

static int same_message(const struct mark *a, const struct mark *b)
{
    ORDER(a->rule, b->rule);
    ORDER(a->subject, b->subject);
    ORDER(a->occurrence, b->occurrence);
    ORDER(a->repeat, b->repeat);
    ORDER(a->recipient, b->recipient);
    return 0;
}

static int by_message(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = same_message(x, y);

    if (order != 0)
        return order;
    ORDER(x->channel, y->channel);
    return 0;
}

/* Of one rule, about one subject, for one person. */
static int same_kin(const struct mark *a, const struct mark *b)
{
    ORDER(a->rule, b->rule);
    ORDER(a->subject, b->subject);
    ORDER(a->recipient, b->recipient);
    return 0;
}

static int by_kin(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = same_kin(x, y);

    if (order != 0)
        return order;
    ORDER(x->at_ms, y->at_ms);
    ORDER(x->channel, y->channel);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;

    ORDER(x->at_ms, y->at_ms);
    ORDER(x->rule, y->rule);
    ORDER(x->subject, y->subject);
    return 0;
}

static void sort(struct side *s, int (*order)(const void *, const void *))
{
    if (s->count > 0)
        qsort(s->items, s->count, sizeof(*s->items), order);
}

static enum difference difference(const struct mark *was, const struct mark *is)
{
    return is->at_ms < was->at_ms   ? CHANGE_EARLIER
           : is->at_ms > was->at_ms ? CHANGE_LATER
                                    : CHANGE_SAME;
}

/* The marks of a side with this change, in the order in which they may stand for each other. */
static const struct mark *next_of(const struct side *s, enum difference change, size_t *i)
{
    while (*i < s->count && s->items[*i].change != change)
        (*i)++;
    return *i < s->count ? &s->items[*i] : NULL;
}

/* What has met nobody: where a rule counts from another message (a silence begins with the last
 * one), a move of that one makes it another occurrence. For the client it is the same message at
 * another time: the first of one side stands for the first of the other, and so on. */
static void meet_knocked_on(struct comparison *c)
{
    size_t i = 0, k = 0;

    sort(&c->now, by_kin);
    sort(&c->other, by_kin);
    for (;;) {
        const struct mark *was = next_of(&c->now, CHANGE_REMOVED, &i);
        const struct mark *is = next_of(&c->other, CHANGE_ADDED, &k);
        if (was == NULL || is == NULL)
            return;
        int order = same_kin(was, is);
        if (order == 0) {
            c->other.items[k].was_ms = was->at_ms;
            c->other.items[k].change = difference(was, is);
            c->now.items[i].change = CHANGE_SAME;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static void meet(struct comparison *c)
{
    struct side *a = &c->now, *b = &c->other;
    size_t i = 0, k = 0;

    sort(a, by_message);
    sort(b, by_message);
    while (i < a->count || k < b->count) {
        struct mark *was = i < a->count ? &a->items[i] : NULL;
        struct mark *is = k < b->count ? &b->items[k] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : same_message(was, is);
        if (order < 0) {
            was->change = CHANGE_REMOVED;
        } else if (order > 0) {
            is->change = CHANGE_ADDED;
        } else {
            is->was_ms = was->at_ms;
            is->change = difference(was, is);
        }
        i += order <= 0;
        k += order >= 0;
    }
    meet_knocked_on(c);
}

static bool is_more(const struct mark *m)
{
    return m->change == CHANGE_ADDED || m->change == CHANGE_EARLIER || m->change == CHANGE_LATER;
}

static int by_row(const void *a, const void *b)
{
    ORDER(*(const int64_t *)a, *(const int64_t *)b);
    return 0;
}

#undef ORDER

/* How many clients a rule (SIZE_MAX: all of them) would write to at once that it would not have
 * written to now. */
static size_t clients_at_once(const struct comparison *c, size_t rule)
{
    int64_t *rows = mem_array(c->other.count + 1, sizeof(*rows));
    size_t count = 0, distinct = 0;

    for (size_t i = 0; i < c->other.count; i++) {
        const struct mark *m = &c->other.items[i];
        if (m->at_once && is_more(m) && (rule == SIZE_MAX || m->rule == rule))
            rows[count++] = m->client_row;
    }
    if (count > 0)
        qsort(rows, count, sizeof(*rows), by_row);
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
        rules[m->rule].at_once += m->at_once && is_more(m);
        rules[m->rule].cost += m->cost;
        rules[m->rule].segments += (int64_t)m->segments;
    }
    for (size_t i = 0; i < c->now.count; i++) {
        const struct mark *m = &c->now.items[i];
        rules[m->rule].counts[CHANGE_REMOVED] += m->change == CHANGE_REMOVED;
        rules[m->rule].cost -= m->cost;
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
        all.cost += rules[i].cost;
        all.segments += rules[i].segments;
    }
    return all;
}

/* --- telling people --- */

static void put_money(const struct comparison *c, double sum, char out[SHOW_TIME_MAX])
{
    char money[SHOW_TIME_MAX];

    if (sum > -1e-9 && sum < 1e-9)
        sum = 0;
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
        put_money(c, rules[i].cost, cost);
        table_add(&t, PLAIN, cost);
    }
    table_print(&t, NULL, NULL);
}

/* "To Anna Ozola, Jānis Bērziņš and 212 more.": who gets what is new or moved. */
static int put_names(const struct comparison *c, bool at_once)
{
    int64_t told[NAMES_MAX];
    size_t names = 0, more = 0;
    struct buf b;
    int64_t *rows = mem_array(c->other.count + 1, sizeof(*rows));
    size_t count = 0;

    for (size_t i = 0; i < c->other.count; i++)
        if (is_more(&c->other.items[i]) && (!at_once || c->other.items[i].at_once))
            rows[count++] = c->other.items[i].client_row;
    for (size_t i = 0; i < count && names < NAMES_MAX; i++) {
        size_t k = 0;
        while (k < names && told[k] != rows[i])
            k++;
        if (k == names && rows[i] != 0)
            told[names++] = rows[i];
    }
    if (count > 0)
        qsort(rows, count, sizeof(*rows), by_row);
    for (size_t i = 0; i < count; i++)
        more += rows[i] != 0 && (i == 0 || rows[i] != rows[i - 1]);
    free(rows);
    more -= names;
    if (names == 0)
        return 0;
    buf_init(&b);
    for (size_t i = 0; i < names; i++) {
        struct client who;
        int rc = store_client(c->f->session.store, told[i], &who);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            buf_close(&b);
            return rc;
        }
        const char *before = i == 0 ? "To " : i + 1 == names && more == 0 ? " and " : ", ";
        buf_printf(&b, "%s%s", before, rc == 0 ? who.name : "(gone)");
        if (rc == 0)
            client_close(&who);
    }
    if (more > 0)
        buf_printf(&b, " and %zu more", more);
    buf_puts(&b, ".");
    printf("  ");
    put_folded(b.data, 2, 2);
    buf_close(&b);
    return 0;
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

static int put_change(struct comparison *c, const char *path, const struct rule_change *rules)
{
    struct rule_change all = add_up(c, rules);
    const char *ahead = c->f->ahead;
    char cost[SHOW_TIME_MAX];
    int rc = 0;

    printf("With %s in the place of the present playbook:\n\n", path);
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
    for (size_t i = 0; i < c->names.count; i++)
        if (asks_for(c, c->names.items[i]) > 0)
            printf("The rule %s would write to %zu clients at once, more than the %d of [limits] "
                   "blast: it would wait for `betimes resume %s`.\n",
                   c->names.items[i], asks_for(c, c->names.items[i]), c->blast_clients,
                   c->names.items[i]);
    put_money(c, all.cost, cost);
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
    json_object_set_new(o, "at_once", json_integer((json_int_t)r->at_once));
    json_object_set_new(o, "clients_at_once", json_integer((json_int_t)r->clients));
    json_object_set_new(o, "segments", json_integer(r->segments));
    json_object_set_new(o, "cost",
                        c->o.config.settings->channels[CHANNEL_SMS].price > 0 || r->segments == 0
                            ? json_real(r->cost)
                            : json_null());
    return o;
}

static int print_totals(const struct comparison *c, const struct rule_change *rules)
{
    struct rule_change all = add_up(c, rules);
    json_t *o = counts_json(c, &all), *list = json_array();

    for (size_t i = 0; i < c->names.count; i++) {
        json_t *r = counts_json(c, &rules[i]);
        json_object_set_new(r, "rule", show_json_text(c->names.items[i]));
        json_object_set_new(r, "waits", json_boolean(asks_for(c, c->names.items[i]) > 0));
        json_array_append_new(list, r);
    }
    json_object_set_new(o, "rules", list);
    return show_print_json(o);
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
        json_dumpf(o, stdout, JSON_INDENT(2));
        json_decref(o);
    }
    free(line);
    return rc;
}

static int print_lines(struct comparison *c)
{
    size_t told = 0;
    int rc = fflush(c->spool) == 0 && !ferror(c->spool) ? 0 : ERR_IO;

    sort(&c->now, by_time);
    sort(&c->other, by_time);
    if (rc == 0)
        rc = print_side(c, &c->other, false, &told);
    if (rc == 0)
        rc = print_side(c, &c->now, true, &told);
    if (rc != 0)
        return command_error(rc, "the temporary file cannot be used: is its disk full?");
    puts(told > 0 ? "\n]" : "[]");
    return show_flush();
}

int forecast_change(struct forecast *f, const char *path)
{
    struct comparison c = {.f = f};
    struct rule_change *rules = NULL;
    int status = EXIT_DONE;

    f->span.yes = true; /* what would wait for one is told beside what it would do */
    if (f->call->json && !f->totals && (c.spool = tmpfile()) == NULL)
        return command_error(ERR_IO, "a temporary file cannot be made");
    status = collect(&c, NULL, &c.now);
    if (status == EXIT_DONE)
        status = collect(&c, path, &c.other);
    if (status == EXIT_DONE) {
        meet(&c);
        rules = count_up(&c);
        sort(&c.other, by_time);
    }
    if (status == EXIT_DONE && c.spool != NULL) {
        status = print_lines(&c);
    } else if (status == EXIT_DONE && f->call->json) {
        status = print_totals(&c, rules);
    } else if (status == EXIT_DONE) {
        int rc = put_change(&c, path, rules);
        status = rc == 0 ? EXIT_DONE : session_failed(&f->session, rc, "read the clients");
    }
    outlook_close(&c.o);
    free(rules);
    free(c.now.items);
    free(c.other.items);
    str_list_close(&c.names);
    if (c.spool != NULL)
        fclose(c.spool);
    return status;
}
