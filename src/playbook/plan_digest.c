/*
 * What of a file counts for the plan. See playbook/playbook.h and playbook/settings.h, `digest`.
 *
 * Whatever is not known to be of no account counts: to plan once too often costs a moment, once too
 * seldom a message at the wrong time.
 */
#include <string.h>

#include "internal.h"

static const struct {
    const char *kind, *key; /* key NULL: the whole section */
} of_no_account[] = {
    /* Words, and what is decided when a message is claimed or answered. */
    {"rule", "template"},
    {"rule", "require"},
    {"rule", "cap"},
    {"rule", "unknown"},
    {"business", "name"},
    {"business", "phone"},
    {"business", "email"},
    {"business", "address"},
    {"business", "web"},
    {"business", "language"},
    {"business", "currency"},
    {"business", "cap"},
    /* Ways out. */
    {"gateway", NULL},
    {"calendar", NULL},
    {"web", NULL},
    {"alert", NULL},
    {"retention", NULL},
};

static bool counts(const char *kind, const char *key)
{
    for (size_t i = 0; i < sizeof(of_no_account) / sizeof(of_no_account[0]); i++)
        if (strcmp(of_no_account[i].kind, kind) == 0 &&
            (of_no_account[i].key == NULL ||
             (key != NULL && strcmp(of_no_account[i].key, key) == 0)))
            return false;
    return true;
}

/* With the NUL at its end, so that "ab", "c" and "a", "bc" differ. */
static uint64_t add(uint64_t digest, const char *text)
{
    return str_hash(text, strlen(text) + 1, digest);
}

static uint64_t add_entries(uint64_t digest, const struct ini_section *s)
{
    for (size_t k = 0; k < s->count; k++)
        if (counts(s->kind, s->entries[k].key))
            digest = add(add(digest, s->entries[k].key), s->entries[k].value);
    return digest;
}

static uint64_t digest_of(const struct ini *ini, bool with_rules)
{
    uint64_t digest = 0;

    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_section *s = &ini->sections[i];
        if (!counts(s->kind, NULL))
            continue;
        digest = add(add(digest, s->kind), s->name);
        if (with_rules || strcmp(s->kind, "rule") != 0)
            digest = add_entries(digest, s);
    }
    return digest;
}

uint64_t plan_digest(const struct ini *ini)
{
    return digest_of(ini, true);
}

uint64_t plan_digest_frame(const struct ini *ini)
{
    return digest_of(ini, false);
}

uint64_t plan_digest_rule(const struct ini_section *section)
{
    return add_entries(0, section);
}

/* Does it neither go by what other rules do, nor they by what it does? Whether a visit's move or
 * end is news goes by the rules that tell of its booking. */
static bool is_lone(const struct rule *r)
{
    return !r->asked && r->of_rule == NULL && r->event != EVENT_CLIENT_SILENCE &&
           r->event != EVENT_APPOINTMENT_BOOKED;
}

bool playbook_lone_change(const struct playbook *before, const struct playbook *now, size_t *rule)
{
    size_t changed = 0;

    if (before->frame_digest != now->frame_digest || before->rule_count != now->rule_count)
        return false;
    for (size_t i = 0; i < now->rule_count; i++)
        if (before->rules[i].plan_digest != now->rules[i].plan_digest) {
            changed++;
            *rule = i;
        }
    return changed == 1 && is_lone(&before->rules[*rule]) && is_lone(&now->rules[*rule]);
}
