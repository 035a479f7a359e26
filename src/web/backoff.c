/* Waiting before the next try. See web/backoff.h. */
#include "web/backoff.h"

#include <string.h>

#include "base/str.h"

#define FORGET_MS (24 * 3600 * INT64_C(1000))

static uint64_t key_of(enum backoff_kind kind, const char *name)
{
    uint64_t key = str_hash(name, strlen(name), 0x6265746d + (uint64_t)kind);

    return key != 0 ? key : 1;
}

static struct backoff_entry *find(struct backoff *b, uint64_t key)
{
    for (size_t i = 0; i < BACKOFF_ENTRIES; i++)
        if (b->entries[i].key == key)
            return &b->entries[i];
    return NULL;
}

int backoff_wait_s(const struct backoff *b, enum backoff_kind kind, const char *name,
                   int64_t now_ms)
{
    uint64_t key = key_of(kind, name);

    for (size_t i = 0; i < BACKOFF_ENTRIES; i++)
        if (b->entries[i].key == key && b->entries[i].until_ms > now_ms)
            return (int)((b->entries[i].until_ms - now_ms + 999) / 1000);
    return 0;
}

/* A free entry, else the one that was quiet for longest. */
static struct backoff_entry *take(struct backoff *b, uint64_t key)
{
    struct backoff_entry *oldest = &b->entries[0];

    for (size_t i = 0; i < BACKOFF_ENTRIES; i++) {
        if (b->entries[i].key == 0) {
            oldest = &b->entries[i];
            break;
        }
        if (b->entries[i].last_ms < oldest->last_ms)
            oldest = &b->entries[i];
    }
    *oldest = (struct backoff_entry){.key = key};
    return oldest;
}

void backoff_wrong(struct backoff *b, enum backoff_kind kind, const char *name, int64_t now_ms)
{
    uint64_t key = key_of(kind, name);
    int64_t longest_s = kind == BACKOFF_ACCOUNT ? BACKOFF_ACCOUNT_S : BACKOFF_ADDRESS_S;
    struct backoff_entry *e = find(b, key);

    if (e == NULL)
        e = take(b, key);
    else if (now_ms - e->last_ms > FORGET_MS)
        *e = (struct backoff_entry){.key = key};
    e->wrong++;
    e->last_ms = now_ms;
    if (e->wrong <= BACKOFF_FREE)
        return;
    int64_t wait_s = BACKOFF_FIRST_S;
    for (int i = BACKOFF_FREE + 1; i < e->wrong && wait_s < longest_s; i++)
        wait_s *= 2;
    e->until_ms = now_ms + (wait_s < longest_s ? wait_s : longest_s) * 1000;
}

void backoff_right(struct backoff *b, enum backoff_kind kind, const char *name)
{
    struct backoff_entry *e = find(b, key_of(kind, name));

    if (e != NULL)
        *e = (struct backoff_entry){0};
}
