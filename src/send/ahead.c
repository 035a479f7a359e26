/* What the ledger knows and the database does not. See send/ahead.h. A hash table with open
 * addresses: its keys are hashes already. */
#include "send/ahead.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/rules.h"

#define SLOTS_FIRST 64

struct slot {
    struct ledger_record record; /* number 0: free */
    bool met;
};

struct ahead {
    struct slot *slots;
    size_t cap; /* a power of two; 0: nothing yet */
    size_t count, met;
};

/* --- keys --- */

/* Lengths stand before texts, so that no two messages write the same. */
static void add_text(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:%s,", strlen(text), text);
}

void ahead_key(const char *rule, const struct entity *subject, const struct entity *recipient,
               const struct message *m, struct ledger_key *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct buf b;

    buf_init(&b);
    add_text(&b, rule);
    add_text(&b, subject->key);
    add_text(&b, recipient->key);
    buf_printf(&b, "%d,%d,%lld,%d,%d", subject->kind, recipient->kind, (long long)m->occurrence,
               m->repeat, m->channel);
    if (EVP_Digest(b.data, b.len, digest, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory: the library knows no other reason */
    memcpy(out->bytes, digest, sizeof(out->bytes));
    buf_close(&b);
}

int ahead_key_of(struct store *s, const struct message *m, struct ledger_key *out)
{
    struct entity subject = {0}, recipient = {0};
    char *rule = NULL;
    int rc = store_rule_name(s, m->rule_id, &rule);

    if (rc == 0)
        rc = store_entity(s, m->subject_id, &subject);
    if (rc == 0)
        rc = store_entity(s, m->recipient_id, &recipient);
    if (rc == 0)
        ahead_key(rule, &subject, &recipient, m, out);
    entity_close(&subject);
    entity_close(&recipient);
    free(rule);
    return rc;
}

/* --- the table --- */

struct ahead *ahead_create(void)
{
    return mem_zalloc(sizeof(struct ahead));
}

void ahead_free(struct ahead *a)
{
    if (a == NULL)
        return;
    free(a->slots);
    free(a);
}

static struct slot *slot_of(const struct ahead *a, const struct ledger_key *key)
{
    uint64_t at;

    memcpy(&at, key->bytes, sizeof(at));
    for (size_t i = at & (a->cap - 1);; i = (i + 1) & (a->cap - 1))
        if (a->slots[i].record.number == 0 ||
            memcmp(a->slots[i].record.key.bytes, key->bytes, sizeof(key->bytes)) == 0)
            return &a->slots[i];
}

static void grow(struct ahead *a)
{
    struct ahead next = {
        .cap = a->cap > 0 ? a->cap * 2 : SLOTS_FIRST, .count = a->count, .met = a->met};

    next.slots = mem_array(next.cap, sizeof(*next.slots));
    for (size_t i = 0; i < a->cap; i++)
        if (a->slots[i].record.number != 0)
            *slot_of(&next, &a->slots[i].record.key) = a->slots[i];
    free(a->slots);
    *a = next;
}

void ahead_add(struct ahead *a, const struct ledger_record *r)
{
    if ((a->count + 1) * 2 > a->cap)
        grow(a);
    struct slot *s = slot_of(a, &r->key);
    if (s->record.number == 0) {
        a->count++;
        s->record = *r;
    } else if (r->kind == LEDGER_SENT) {
        s->record = *r;
    }
}

size_t ahead_left(const struct ahead *a)
{
    return a->count - a->met;
}

const struct ledger_record *ahead_find(const struct ahead *a, const struct ledger_key *key)
{
    if (a->cap == 0)
        return NULL;
    const struct slot *s = slot_of(a, key);
    return s->record.number != 0 ? &s->record : NULL;
}

bool ahead_knows(const struct ledger_record *r, const struct message *m)
{
    return r != NULL &&
           (r->kind == LEDGER_SENT || (m->attempts == 0 && m->state != MESSAGE_SENDING));
}

void ahead_met(struct ahead *a, const struct ledger_record *r)
{
    struct slot *s = slot_of(a, &r->key);

    a->met += !s->met;
    s->met = true;
}
