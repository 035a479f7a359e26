/*
 * Time zones.
 *
 * A zone is one table of the instants at which its clocks change, with the offsets between them.
 * The rule in a file's footer is written out into the table for a little over 400 years: after
 * that the calendar, and so the rule, repeats, and a later time is looked up whole cycles earlier.
 * So each lookup is one binary search, the table never changes, and readers need no lock.
 *
 * Zones stay in a hash table for ever. Readers walk its chains without a lock: a chain grows only
 * at its head, by one atomic store of a finished zone. Loading is serialized by a mutex.
 *
 * When a zone's file was replaced, zone_refresh builds another table and puts it in the old one's
 * place, by one atomic store. Each look-up takes the table once and stays with it; the old table is
 * kept, since nobody knows who still reads it: some kilobytes for each change of a zone's clocks.
 *
 * A file that is missing, damaged, or changes under our hands is an unknown zone; the next call
 * tries again. Where it was readable once, its zone goes on as before.
 */
#include "time/zone.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "time/tzif.h"

#define ZONEINFO_DIR "/usr/share/zoneinfo"
#define ZONE_FILE_MAX ((size_t)256 * 1024) /* the largest in tzdata has 4 KiB */
#define ZONES_MAX 4096                     /* tzdata has about 600 names, 1,800 with its copies */
#define UNKNOWN_MAX 64                     /* names remembered that no file has: typing mistakes */
#define BUCKETS 256

#define CYCLE_YEARS 400
#define CYCLE_S (INT64_C(146097) * CIVIL_DAY_S) /* a whole number of weeks, too */

#define FINGERPRINT_END_S INT64_C(7258118400) /* 2200-01-01 */

/* What clocks show in a zone. */
struct clocks {
    const struct clocks *before; /* those that an update of the data replaced */
    size_t count;                /* of changes */
    int64_t *at_s;               /* the instants of the changes, ascending */
    int64_t *wall_s; /* the local times up to which the offset before change i is used to read one:
                        of the two that clocks show at the change, the later */
    int32_t *offset_s; /* count + 1: before the first change, after each */
    bool cyclic;       /* the last CYCLE_YEARS of the table go on for ever */
    uint64_t fingerprint;
};

struct zone {
    struct zone *next; /* in its bucket */
    char *name;
    _Atomic(const struct clocks *) clocks; /* NULL: a name that nobody knows */
    struct fs_stamp stamp;                 /* of the file when it was read; under `loading` */
};

static int32_t utc_offset[1] = {0};
static char utc_name[] = "UTC";
static const struct clocks utc_clocks = {.offset_s = utc_offset};
static const struct zone utc = {.name = utc_name, .clocks = &utc_clocks};

static _Atomic(struct zone *) buckets[BUCKETS];
static _Atomic(uint64_t) news; /* how often a zone was loaded, or an unknown name remembered */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static size_t remembered, unknown; /* under `loading`: names in the table, those without clocks */

/* ---- building the table ---- */

/* Changes come in order. One at the same instant as the last takes its place (a rule that saves
 * daylight all the year ends and begins at once); one before it cannot be and is left out; one
 * that changes nothing is none. */
static void add_change(struct clocks *z, int64_t at_s, int offset_s)
{
    if (z->count > 0 && at_s < z->at_s[z->count - 1])
        return;
    if (z->count > 0 && at_s == z->at_s[z->count - 1])
        z->count--;
    if (offset_s == z->offset_s[z->count])
        return;
    z->at_s[z->count++] = at_s;
    z->offset_s[z->count] = offset_s;
}

static void add_rule_years(struct clocks *z, const struct tzif *t)
{
    int64_t after_s = INT64_MIN;
    int year = 1;

    if (t->change_count > 0) {
        struct civil c;
        after_s = t->changes[t->change_count - 1].at_s;
        civil_from_seconds(after_s, &c);
        year = c.year > 1 ? c.year - 1 : 1; /* a local date may lie in the year before */
    }
    /* Of the year of the last change a part is the table's: one whole cycle has to follow. */
    for (int i = 0; i < CYCLE_YEARS + 3; i++) {
        struct tzif_change pair[2];
        tzif_rule_year(&t->rule, year + i, pair);
        for (int k = 0; k < 2; k++)
            if (pair[k].at_s > after_s)
                add_change(z, pair[k].at_s, pair[k].offset_s);
    }
    z->cyclic = z->count > 0;
}

static uint64_t fingerprint(const struct clocks *z)
{
    int64_t word = (int64_t)htole64((uint64_t)z->offset_s[0]);
    uint64_t hash = str_hash(&word, sizeof(word), 0);

    for (size_t i = 0; i < z->count && z->at_s[i] < FINGERPRINT_END_S; i++) {
        int64_t pair[2] = {(int64_t)htole64((uint64_t)z->at_s[i]),
                           (int64_t)htole64((uint64_t)z->offset_s[i + 1])};
        hash = str_hash(pair, sizeof(pair), hash);
    }
    return hash;
}

static struct clocks *clocks_create(const struct tzif *t)
{
    size_t max = t->change_count + (size_t)(CYCLE_YEARS + 3) * 2;
    struct clocks *z = mem_zalloc(sizeof(*z));

    z->at_s = mem_array(max, sizeof(*z->at_s));
    z->offset_s = mem_array(max + 1, sizeof(*z->offset_s));
    z->offset_s[0] = t->change_count == 0 && t->has_rule ? t->rule.standard_s : t->first_offset_s;
    for (size_t i = 0; i < t->change_count; i++)
        add_change(z, t->changes[i].at_s, t->changes[i].offset_s);
    if (t->has_rule && t->rule.has_saving)
        add_rule_years(z, t);

    z->at_s = mem_resize(z->at_s, z->count + 1, sizeof(*z->at_s));
    z->offset_s = mem_resize(z->offset_s, z->count + 1, sizeof(*z->offset_s));
    z->wall_s = mem_array(z->count + 1, sizeof(*z->wall_s));
    for (size_t i = 0; i < z->count; i++) {
        int32_t before = z->offset_s[i], after = z->offset_s[i + 1];
        z->wall_s[i] = z->at_s[i] + (before > after ? before : after);
        /* No real zone goes back by more than the time since its last change; a search needs the
         * order all the same. */
        if (i > 0 && z->wall_s[i] < z->wall_s[i - 1])
            z->wall_s[i] = z->wall_s[i - 1];
    }
    z->fingerprint = fingerprint(z);
    return z;
}

static void clocks_free(struct clocks *z)
{
    free(z->at_s);
    free(z->wall_s);
    free(z->offset_s);
    free(z);
}

/* ---- finding a zone ---- */

static bool plain_name(const char *name)
{
    size_t len = strlen(name);
    char previous = '/'; /* so that no part is empty */

    if (len == 0 || len > ZONE_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '+' || c == '-';
        if (!word && (c != '/' || previous == '/'))
            return false;
        previous = c;
    }
    return previous != '/';
}

static const char *zone_dir(void)
{
    const char *dir = getenv("TZDIR");

    return dir == NULL || dir[0] == '\0' ? ZONEINFO_DIR : dir;
}

char *zone_nearest(const char *name)
{
    const char *slash = strrchr(name, '/');
    struct str_list names = {0};
    char *found = NULL;

    if (slash == NULL || !plain_name(name))
        return NULL;
    char *region = mem_strndup(name, (size_t)(slash - name)), *dir = fs_join(zone_dir(), region);
    if (fs_list(dir, &names, NULL) == 0) {
        const char *near = str_nearest(slash + 1, (const char *const *)names.items, names.count);
        found = near != NULL ? mem_printf("%s/%s", region, near) : NULL;
    }
    if (found != NULL && zone_get(found) == NULL) { /* such as a folder */
        free(found);
        found = NULL;
    }
    str_list_close(&names);
    free(dir);
    free(region);
    return found;
}

/* Read the file of `name`; NULL: there is none, or no good one. The stamp is taken before, so that
 * a file that is replaced meanwhile is found to be another at the next look. */
static struct clocks *load(const char *name, struct fs_stamp *stamp)
{
    char *path = fs_join(zone_dir(), name);
    struct buf file;
    struct tzif t;
    struct clocks *c = NULL;

    *stamp = (struct fs_stamp){0};
    fs_stamp(path, stamp);
    buf_init(&file);
    if (fs_read_beneath(zone_dir(), name, ZONE_FILE_MAX, &file, NULL) == 0 &&
        tzif_parse(file.data, file.len, &t)) {
        c = clocks_create(&t);
        tzif_close(&t);
    }
    buf_close(&file);
    free(path);
    return c;
}

static const struct clocks *clocks_of(const struct zone *z)
{
    return atomic_load_explicit(&z->clocks, memory_order_acquire);
}

static struct zone *find(_Atomic(struct zone *) *bucket, const char *name)
{
    struct zone *z = atomic_load_explicit(bucket, memory_order_acquire);

    while (z != NULL && strcmp(z->name, name) != 0)
        z = z->next;
    return z;
}

static struct zone *remember(_Atomic(struct zone *) *bucket, const char *name)
{
    struct zone *z = mem_zalloc(sizeof(*z));

    z->name = mem_strdup(name);
    z->next = atomic_load_explicit(bucket, memory_order_relaxed);
    atomic_store_explicit(bucket, z, memory_order_release);
    remembered++;
    return z;
}

/* Under `loading`. Typing mistakes must not push out what is right: few of them are remembered. */
static struct zone *find_or_load(_Atomic(struct zone *) *bucket, const char *name)
{
    struct zone *z = find(bucket, name);
    struct fs_stamp stamp;

    if ((z != NULL && clocks_of(z) != NULL) || (z == NULL && remembered == ZONES_MAX))
        return z;
    struct clocks *c = load(name, &stamp);
    if (c == NULL && (z != NULL || unknown == UNKNOWN_MAX))
        return z;
    if (z == NULL)
        z = remember(bucket, name);
    else
        unknown--;
    if (c == NULL)
        unknown++;
    z->stamp = stamp;
    atomic_store_explicit(&z->clocks, c, memory_order_release);
    atomic_fetch_add(&news, 1);
    return z;
}

const struct zone *zone_get(const char *name)
{
    if (!plain_name(name))
        return NULL;
    if (strcmp(name, utc.name) == 0)
        return &utc;

    _Atomic(struct zone *) *bucket = &buckets[str_hash(name, strlen(name), 0) % BUCKETS];
    struct zone *z = find(bucket, name);
    if (z != NULL && clocks_of(z) != NULL)
        return z;

    pthread_mutex_lock(&loading);
    z = find_or_load(bucket, name);
    pthread_mutex_unlock(&loading);
    return z != NULL && clocks_of(z) != NULL ? z : NULL;
}

const struct zone *zone_utc(void)
{
    return &utc;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

uint64_t zone_fingerprint(const struct zone *z)
{
    return z == &utc ? fingerprint(&utc_clocks) : clocks_of(z)->fingerprint;
}

/* ---- another tzdata ---- */

/* Under `loading`. Does the zone show other clocks now? */
static bool refresh(struct zone *z)
{
    char *path = fs_join(zone_dir(), z->name);
    const struct clocks *before = clocks_of(z);
    struct fs_stamp stamp = {0};
    struct clocks *now = NULL;

    fs_stamp(path, &stamp);
    free(path);
    if (fs_stamp_same(&stamp, &z->stamp) || (now = load(z->name, &stamp)) == NULL)
        return false;
    z->stamp = stamp;
    if (before != NULL && before->fingerprint == now->fingerprint) {
        clocks_free(now); /* most of an update writes the same hours once more */
        return false;
    }
    now->before = before;
    atomic_store_explicit(&z->clocks, now, memory_order_release);
    unknown -= before == NULL;
    return true;
}

size_t zone_refresh(void)
{
    size_t changed = 0;

    pthread_mutex_lock(&loading);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct zone *z = atomic_load(&buckets[i]); z != NULL; z = z->next)
            changed += refresh(z);
    pthread_mutex_unlock(&loading);
    if (changed > 0)
        atomic_fetch_add(&news, 1);
    return changed;
}

uint64_t zone_news(void)
{
    return atomic_load(&news);
}

void zone_each(void (*each)(void *arg, const char *name, uint64_t fingerprint), void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct zone *z = atomic_load(&buckets[i]); z != NULL; z = z->next) {
            const struct clocks *c = clocks_of(z);
            each(arg, z->name, c != NULL ? c->fingerprint : 0);
        }
}

/* ---- looking up ---- */

/* How many of the ascending v[0..n) are at most x. */
static size_t count_up_to(const int64_t *v, size_t n, int64_t x)
{
    size_t low = 0;

    while (n > 0) {
        size_t half = n / 2;
        if (v[low + half] <= x) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* Seconds, a whole number of cycles, by which `x` lies behind the end of the table v. */
static int64_t cycles_behind(const struct clocks *z, const int64_t *v, int64_t x)
{
    if (!z->cyclic || x < v[z->count - 1])
        return 0;
    return ((x - v[z->count - 1]) / CYCLE_S + 1) * CYCLE_S;
}

static int64_t floor_s(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

int zone_offset_s(const struct zone *zone, int64_t instant_ms)
{
    const struct clocks *z = clocks_of(zone);
    int64_t s = floor_s(instant_ms);

    s -= cycles_behind(z, z->at_s, s);
    return z->offset_s[count_up_to(z->at_s, z->count, s)];
}

void zone_to_civil(const struct zone *z, int64_t instant_ms, struct civil *c)
{
    civil_from_seconds(floor_s(instant_ms) + zone_offset_s(z, instant_ms), c);
}

int64_t zone_to_instant(const struct zone *zone, const struct civil *c)
{
    const struct clocks *z = clocks_of(zone);
    int64_t wall = civil_to_seconds(c);
    int64_t behind = cycles_behind(z, z->wall_s, wall);
    size_t i = count_up_to(z->wall_s, z->count, wall - behind);

    return (wall - z->offset_s[i]) * 1000;
}

int64_t zone_reach(const struct zone *zone, const struct civil *c)
{
    const struct clocks *z = clocks_of(zone);
    int64_t wall = civil_to_seconds(c);
    int64_t behind = cycles_behind(z, z->wall_s, wall);
    size_t i = count_up_to(z->wall_s, z->count, wall - behind);
    int64_t at = wall - z->offset_s[i];

    if (i < z->count && at > z->at_s[i] + behind)
        at = z->at_s[i] + behind;
    return at * 1000;
}

static int64_t to_ms(int64_t s)
{
    int64_t ms;

    if (__builtin_mul_overflow(s, 1000, &ms))
        return s < 0 ? INT64_MIN : INT64_MAX;
    return ms;
}

void zone_steady(const struct zone *zone, int64_t instant_ms, int64_t *from_ms, int64_t *until_ms)
{
    const struct clocks *z = clocks_of(zone);
    int64_t s = floor_s(instant_ms);
    int64_t behind = cycles_behind(z, z->at_s, s);
    size_t i = count_up_to(z->at_s, z->count, s - behind);

    *from_ms = i > 0 ? to_ms(z->at_s[i - 1] + behind) : INT64_MIN;
    *until_ms = i < z->count ? to_ms(z->at_s[i] + behind) : INT64_MAX;
}
