/*
 * What a number as written was read as. See text/phone_memo.h. A table of sets: a number is
 * somewhere in the first of the two sets that its hash names, or, if that is full, in the second.
 * One that finds both full moves another one to that one's second set. So next to none is lost
 * while there is room for all of them: the table doubles when it is well filled, up to a limit. Of
 * more than that a part remains, in whatever order they come round.
 */
#include "text/phone_memo.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SET 8 /* places */
#define PLACES_FIRST 1024
#define PLACES_MAX 65536 /* 2 MB */
#define COUNTRY_MAX 8

struct place {
    char written[PHONE_MEMO_WRITTEN_MAX]; /* "": free */
    uint64_t digits; /* what follows the "+", as a number: it begins with no 0 */
};

struct phone_memo {
    char country[COUNTRY_MAX]; /* for which they were read */
    size_t count, size;        /* places taken, places */
    struct place places[];
};

static struct phone_memo *make(const char *country, size_t size)
{
    struct phone_memo *m = mem_zalloc(sizeof(*m) + size * sizeof(m->places[0]));

    snprintf(m->country, COUNTRY_MAX, "%s", country);
    m->size = size;
    return m;
}

static bool is_for(const struct phone_memo *m, const char *country)
{
    return m != NULL && strncmp(m->country, country != NULL ? country : "", COUNTRY_MAX - 1) == 0;
}

static struct phone_memo *for_country(struct phone_memo **memo, const char *country)
{
    if (!is_for(*memo, country)) {
        free(*memo);
        *memo = make(country != NULL ? country : "", PLACES_FIRST);
    }
    return *memo;
}

/* Stirred, since both halves of it choose a set: numbers mostly differ in their last digits, which
 * str_hash leaves to its low bits. */
static uint64_t hash_of(const char *written)
{
    uint64_t h = str_hash(written, strlen(written), 0);

    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static size_t first_set(const struct phone_memo *m, uint64_t hash)
{
    return hash % (m->size / SET) * SET;
}

static size_t second_set(const struct phone_memo *m, uint64_t hash)
{
    return (hash >> 32) % (m->size / SET) * SET;
}

/* Where it is in this set; NULL: it is not there. *full: there is no room for it either. */
static const struct place *find_in(const struct place *set, const char *written, bool *full)
{
    *full = false;
    for (int i = 0; i < SET; i++) {
        if (set[i].written[0] == '\0')
            return NULL;
        if (strcmp(set[i].written, written) == 0)
            return &set[i];
    }
    *full = true;
    return NULL;
}

/* The number's place; NULL: it is not there. */
static const struct place *find(const struct phone_memo *m, const char *written, uint64_t hash)
{
    bool full;
    const struct place *p = find_in(&m->places[first_set(m, hash)], written, &full);

    return full ? find_in(&m->places[second_set(m, hash)], written, &full) : p;
}

static bool put_in(struct phone_memo *m, size_t set, const struct place *p)
{
    for (size_t i = set; i < set + SET; i++)
        if (m->places[i].written[0] == '\0') {
            m->places[i] = *p;
            m->count++;
            return true;
        }
    return false;
}

static void put(struct phone_memo *m, const struct place *p, uint64_t hash)
{
    size_t first = first_set(m, hash);

    if (put_in(m, first, p) || put_in(m, second_set(m, hash), p))
        return;
    size_t i = first;
    while (i < first + SET &&
           !put_in(m, second_set(m, hash_of(m->places[i].written)), &m->places[i]))
        i++;
    if (i == first + SET) /* nobody can move: one is forgotten */
        i = first + (hash >> 56) % SET;
    m->places[i] = *p;
}

static bool well_filled(const struct phone_memo *m)
{
    return m->count >= m->size / 4 * 3;
}

static void grow(struct phone_memo **memo)
{
    struct phone_memo *m = *memo, *larger = make(m->country, m->size * 2);

    for (size_t i = 0; i < m->size; i++)
        if (m->places[i].written[0] != '\0')
            put(larger, &m->places[i], hash_of(m->places[i].written));
    free(m);
    *memo = larger;
}

static uint64_t digits_of(const char *e164)
{
    uint64_t digits = 0;

    for (const char *c = e164 + 1; *c != '\0'; c++)
        digits = digits * 10 + (uint64_t)(*c - '0');
    return digits;
}

static void spell(uint64_t digits, char out[PHONE_MAX])
{
    char reversed[PHONE_MAX];
    size_t count = 0;

    for (; digits > 0 && count < PHONE_MAX - 2; digits /= 10)
        reversed[count++] = (char)('0' + digits % 10);
    *out++ = '+';
    while (count > 0)
        *out++ = reversed[--count];
    *out = '\0';
}

static void remember(struct phone_memo **memo, const char *written, uint64_t hash, const char *e164)
{
    struct place p = {.digits = digits_of(e164)};

    strcpy(p.written, written);
    if (well_filled(*memo) && (*memo)->size < PLACES_MAX)
        grow(memo);
    put(*memo, &p, hash);
}

static bool is_kept(const char *written)
{
    return written[0] != '\0' && strnlen(written, PHONE_MEMO_WRITTEN_MAX) < PHONE_MEMO_WRITTEN_MAX;
}

int phone_memo_e164(struct phone_memo **memo, const char *written, const char *country,
                    char out[PHONE_MAX], struct err *err)
{
    if (!is_kept(written))
        return phone_e164(written, country, out, err);
    uint64_t hash = hash_of(written);
    const struct place *found = find(for_country(memo, country), written, hash);
    if (found != NULL) {
        spell(found->digits, out);
        return 0;
    }
    int rc = phone_e164(written, country, out, err);
    if (rc == 0)
        remember(memo, written, hash, out);
    return rc;
}

bool phone_memo_wants(const struct phone_memo *m, const char *written, const char *country)
{
    if (!is_kept(written))
        return false;
    if (!is_for(m, country))
        return true;
    bool room = !well_filled(m) || m->size < PLACES_MAX;
    return room && find(m, written, hash_of(written)) == NULL;
}

void phone_memo_put(struct phone_memo **memo, const char *written, const char *country,
                    const char *e164)
{
    uint64_t hash = hash_of(written);

    if (find(for_country(memo, country), written, hash) == NULL)
        remember(memo, written, hash, e164);
}
