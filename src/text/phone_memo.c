/*
 * What a number as written was read as. See text/phone_memo.h. A table of sets: a number is
 * somewhere in the set that its hash names. The table doubles when it is well filled, up to a
 * limit; a number that comes to a full set takes the place of another one there. So few are lost
 * while there is room for all of them, and of more than that a part remains, in whatever order they
 * come round.
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
#define WRITTEN_MAX 24 /* longer ones are read anew each time */

struct place {
    char written[WRITTEN_MAX]; /* "": free */
    uint64_t digits;           /* what follows the "+", as a number: it begins with no 0 */
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

static struct phone_memo *for_country(struct phone_memo **memo, const char *country)
{
    if (*memo == NULL || strncmp((*memo)->country, country, COUNTRY_MAX - 1) != 0) {
        free(*memo);
        *memo = make(country, PLACES_FIRST);
    }
    return *memo;
}

static struct place *set_of(struct phone_memo *m, uint64_t hash)
{
    return &m->places[hash % (m->size / SET) * SET];
}

/* The number's place; NULL: it is not there. */
static const struct place *find(struct phone_memo *m, const char *written, uint64_t hash)
{
    const struct place *set = set_of(m, hash);

    for (int i = 0; i < SET && set[i].written[0] != '\0'; i++)
        if (strcmp(set[i].written, written) == 0)
            return &set[i];
    return NULL;
}

static void put(struct phone_memo *m, const struct place *p, uint64_t hash)
{
    struct place *set = set_of(m, hash);

    for (int i = 0; i < SET; i++)
        if (set[i].written[0] == '\0') {
            set[i] = *p;
            m->count++;
            return;
        }
    set[(hash >> 40) % SET] = *p; /* bits that had no say in the choice of the set */
}

static uint64_t hash_of(const char *written)
{
    return str_hash(written, strlen(written), 0);
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

int phone_memo_e164(struct phone_memo **memo, const char *written, const char *country,
                    char out[PHONE_MAX], struct err *err)
{
    size_t len = strnlen(written, WRITTEN_MAX);

    if (len == 0 || len == WRITTEN_MAX)
        return phone_e164(written, country, out, err);
    uint64_t hash = hash_of(written);
    struct phone_memo *m = for_country(memo, country != NULL ? country : "");
    const struct place *found = find(m, written, hash);
    if (found != NULL) {
        spell(found->digits, out);
        return 0;
    }
    int rc = phone_e164(written, country, out, err);
    if (rc == 0) {
        struct place p = {.digits = digits_of(out)};
        memcpy(p.written, written, len);
        if (m->count >= m->size / 4 * 3 && m->size < PLACES_MAX)
            grow(memo);
        put(*memo, &p, hash);
    }
    return rc;
}
