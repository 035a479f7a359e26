/*
 * Finding clients by their addresses. See calendar/people.h.
 *
 * What is wanted is a sorted array of names; the pass over the clients puts into each the ids that
 * fit. A name that fits more than SAME_MAX clients, a switchboard's number, tells as little as one
 * that fits SAME_MAX of them.
 */
#include "calendar/people.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/calendars.h"
#include "text/phone.h"

#define SAME_MAX 8    /* clients of one name that are told apart */
#define TAIL_DIGITS 6 /* of a number, by which it is looked for at first */

struct wanted {
    char *name;
    int64_t ids[SAME_MAX];
    size_t count;
};

struct people {
    const char *country;
    struct wanted *wanted; /* sorted and without doubles once looked up */
    size_t count, cap;
    uint32_t *tails; /* sorted: how the numbers among them end */
    size_t tail_count;
    struct buf key;
};

struct people *people_create(const char *country)
{
    struct people *p = mem_zalloc(sizeof(*p));

    p->country = country;
    buf_init(&p->key);
    return p;
}

void people_free(struct people *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->wanted[i].name);
    free(p->wanted);
    free(p->tails);
    buf_close(&p->key);
    free(p);
}

void people_want(struct people *p, const char *names)
{
    struct str_list lines = {0};

    str_split(&lines, names, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        mem_grow(&p->wanted, &p->cap, p->count + 1, sizeof(*p->wanted));
        p->wanted[p->count++] = (struct wanted){.name = mem_strdup(lines.items[i])};
    }
    str_list_close(&lines);
}

/* ---- the tables */

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int compare_tails(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The last digits, as a number. False: it has characters of other scripts, whose digits count too.
 */
static bool tail_of(const char *number, uint32_t *out)
{
    uint32_t unit = 1;

    *out = 0;
    for (size_t i = strlen(number), digits = 0; i > 0 && digits < TAIL_DIGITS; i--) {
        char c = number[i - 1];
        if ((unsigned char)c >= 0x80)
            return false;
        if (c >= '0' && c <= '9') {
            *out += (uint32_t)(c - '0') * unit;
            unit *= 10;
            digits++;
        }
    }
    return true;
}

static void sort_out(struct people *p)
{
    size_t kept = 0;

    if (p->count > 1)
        qsort(p->wanted, p->count, sizeof(*p->wanted), compare_wanted);
    for (size_t i = 0; i < p->count; i++)
        if (kept > 0 && strcmp(p->wanted[kept - 1].name, p->wanted[i].name) == 0)
            free(p->wanted[i].name);
        else
            p->wanted[kept++] = p->wanted[i];
    p->count = kept;
    free(p->tails);
    p->tails = mem_array(p->count + 1, sizeof(*p->tails));
    p->tail_count = 0;
    for (size_t i = 0; i < p->count; i++)
        if (str_starts(p->wanted[i].name, "phone +") &&
            tail_of(p->wanted[i].name, &p->tails[p->tail_count]))
            p->tail_count++;
    if (p->tail_count > 1)
        qsort(p->tails, p->tail_count, sizeof(*p->tails), compare_tails);
}

static struct wanted *find(const struct people *p, const char *name)
{
    struct wanted key = {.name = (char *)name};

    return p->count > 0 ? bsearch(&key, p->wanted, p->count, sizeof(*p->wanted), compare_wanted)
                        : NULL;
}

/* ---- the pass over the clients */

static void note(struct people *p, int64_t id)
{
    struct wanted *w = find(p, p->key.data);

    if (w == NULL || w->count == SAME_MAX || (w->count > 0 && w->ids[w->count - 1] == id))
        return;
    w->ids[w->count++] = id;
}

static void note_phone(struct people *p, int64_t id, const char *phone)
{
    char e164[PHONE_MAX];
    uint32_t tail;

    if (p->tail_count == 0 ||
        (tail_of(phone, &tail) &&
         bsearch(&tail, p->tails, p->tail_count, sizeof(tail), compare_tails) == NULL) ||
        phone_e164(phone, p->country, e164, NULL) != 0)
        return;
    buf_clear(&p->key);
    buf_printf(&p->key, "phone %s", e164);
    note(p, id);
}

static void each_client(void *arg, int64_t id, const char *ref, const char *email,
                        const char *phone)
{
    struct people *p = arg;

    if (!str_blank(email)) {
        buf_clear(&p->key);
        buf_puts(&p->key, "email ");
        for (const char *c = email; *c != '\0'; c++)
            buf_putc(&p->key, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
        note(p, id);
    }
    if (!str_blank(phone))
        note_phone(p, id, phone);
    if (!str_blank(ref)) {
        buf_clear(&p->key);
        buf_printf(&p->key, "ref %s", ref);
        note(p, id);
    }
}

int people_look(struct people *p, struct store *s)
{
    sort_out(p);
    for (size_t i = 0; i < p->count; i++)
        p->wanted[i].count = 0;
    return p->count > 0 ? store_each_client(s, each_client, p) : 0;
}

/* ---- the answer */

/* Keep of ids[0..*count) what `w` has, too; all of it goes in when there was nothing before. */
static void narrow(const struct wanted *w, int64_t ids[SAME_MAX], size_t *count, bool first)
{
    size_t kept = 0;

    if (first) {
        memcpy(ids, w->ids, sizeof(w->ids));
        *count = w->count;
        return;
    }
    for (size_t i = 0; i < *count; i++)
        for (size_t k = 0; k < w->count; k++)
            if (ids[i] == w->ids[k]) {
                ids[kept++] = ids[i];
                break;
            }
    *count = kept;
}

enum people_answer people_find(const struct people *p, const char *names, int64_t *client_row)
{
    struct str_list lines = {0};
    int64_t ids[SAME_MAX];
    size_t count = 0;
    bool first = true;

    *client_row = 0;
    str_split(&lines, names, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const struct wanted *w = find(p, lines.items[i]);
        if (w == NULL || w->count == 0)
            continue;
        narrow(w, ids, &count, first);
        first = false;
    }
    str_list_close(&lines);
    if (first)
        return PEOPLE_NONE;
    if (count != 1)
        return PEOPLE_SEVERAL;
    *client_row = ids[0];
    return PEOPLE_ONE;
}
