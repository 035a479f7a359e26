/* What planning needs besides the subject. See watch/world.h. */
#include "watch/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/entities.h"
#include "store/zones.h"
#include "watch/stray.h"

void world_read_ahead(struct world *w, const char *facts)
{
    char *phone = entity_fact(facts, CLIENT_PHONE);

    phone_ahead_give(&w->phones_ahead, w->phones, phone, w->settings->business.country);
    free(phone);
}

void world_keep_read(struct world *w)
{
    phone_ahead_take(&w->phones_ahead, &w->phones, w->settings->business.country);
}

static int read_phone(struct world *w, const char *phone, char out[PHONE_MAX], struct err *err)
{
    world_keep_read(w);
    return phone_memo_e164(&w->phones, phone, w->settings->business.country, out, err);
}

static void check_addresses(struct world *w, const char *email, const char *phone,
                            struct contact *out)
{
    struct err err = {""};

    if (email != NULL && address_check(email, out->email, &err) == 0)
        out->plan.email = out->email;
    else if (email != NULL) {
        snprintf(out->email_problem, PLAN_REASON_MAX, "%.*s", PLAN_REASON_MAX - 1, err.text);
        out->plan.email_problem = out->email_problem;
    }
    if (phone != NULL && read_phone(w, phone, out->phone, &err) == 0)
        out->plan.phone = out->phone;
    else if (phone != NULL) {
        snprintf(out->phone_problem, PLAN_REASON_MAX, "%.*s", PLAN_REASON_MAX - 1, err.text);
        out->plan.phone_problem = out->phone_problem;
    }
}

static const struct zone *zone_or(const char *name, const struct zone *fallback)
{
    const struct zone *z = name != NULL ? zone_get(name) : NULL;

    return z != NULL ? z : fallback;
}

int contact_of_client(struct world *w, const struct client *c, bool consents, struct contact *out)
{
    const struct business *b = &w->settings->business;
    struct consents ledger = {0};
    int rc = consents ? store_consents(w->store, c->id, &ledger) : 0;

    *out = (struct contact){0};
    if (rc != 0)
        return rc;
    check_addresses(w, c->email, c->phone, out);
    out->plan.preferred_set = channel_from(c->channel, &out->plan.preferred);
    out->plan.zone = zone_or(c->timezone, b->calendar.zone);
    for (int ch = 0; ch < CHANNEL_COUNT; ch++)
        for (int p = 0; p < PURPOSE_COUNT; p++)
            out->plan.opted_out[ch][p] =
                p == PURPOSE_MARKETING ? ledger.opted[ch][p] != 'i' : ledger.opted[ch][p] == 'o';
    return 0;
}

void contact_of_staff(struct world *w, const struct staff *s, struct contact *out)
{
    const struct business *b = &w->settings->business;

    *out = (struct contact){0};
    check_addresses(w, s->email, s->phone, out);
    out->plan.zone = zone_or(s->timezone, b->calendar.zone);
}

static void staff_contact(void *arg, const struct staff *s, struct plan_contact *out)
{
    const struct world *w = arg;

    *out = w->staff_contacts[s - w->staff].plan;
}

int world_reload_staff(struct world *w)
{
    struct staff *list;
    size_t count;
    int rc = store_staff_all(w->store, &list, &count);

    if (rc != 0) {
        store_staff_free(list, count);
        return rc;
    }
    store_staff_free(w->staff, w->staff_count);
    free(w->staff_contacts);
    w->staff = list;
    w->staff_count = count;
    w->staff_contacts = mem_array(count, sizeof(*w->staff_contacts));
    for (size_t i = 0; i < count; i++)
        contact_of_staff(w, &list[i], &w->staff_contacts[i]);
    w->plan.staff = list;
    w->plan.staff_count = count;
    return 0;
}

static uint64_t holidays_hash(const struct settings *s)
{
    const struct hours_calendar *c = &s->business.calendar;

    return str_hash(c->holidays, c->holiday_count * sizeof(*c->holidays), 0);
}

/* What a person wrote that changes when a message is due. */
static uint64_t fingerprint(const struct settings *s, const struct playbook *p)
{
    uint64_t h = str_hash(BETIMES_VERSION, strlen(BETIMES_VERSION), 0);

    h = str_hash(&s->digest, sizeof(s->digest), h);
    h = str_hash(&p->digest, sizeof(p->digest), h);
    uint64_t holidays = holidays_hash(s);
    return str_hash(&holidays, sizeof(holidays), h);
}

static int find_generation(struct world *w)
{
    int rc = store_plans_epoch(w->store, &w->outdated);

    if (rc != 0)
        return rc;
    uint64_t h = str_hash(&w->outdated, sizeof(w->outdated), w->configuration) >> 1;
    w->generation = h != 0 ? (int64_t)h : 1;
    w->former = 0;
    return 0;
}

int world_outdated(struct world *w)
{
    int rc = store_plans_outdated(w->store);

    return rc == 0 ? find_generation(w) : rc;
}

int world_clock_back(struct world *w)
{
    int rc = store_rules_since(w->store, w->rules, w->playbook->rule_count);

    for (size_t i = 0; i < w->playbook->rule_count; i++)
        w->plan_rules[i].since_ms = w->rules[i].since_ms;
    return rc == 0 ? world_outdated(w) : rc;
}

/* --- zones --- */

struct noting {
    struct world *w;
    int rc;
    bool moved;
};

static void note_zone(void *arg, const char *name, uint64_t fingerprint)
{
    struct noting *n = arg;
    bool moved = false;

    if (n->rc == 0)
        n->rc = store_zone_note(n->w->store, name, fingerprint, &moved);
    n->moved = n->moved || moved;
}

int world_note_zones(struct world *w, bool *moved)
{
    struct noting n = {.w = w};

    zone_each(note_zone, &n);
    if (n.rc == 0)
        n.rc = n.moved ? world_outdated(w) : find_generation(w);
    *moved = n.moved;
    return n.rc;
}

/* Those of an earlier run are asked for again, to see whether they have changed since. */
static int note_all_zones(struct world *w)
{
    struct str_list names = {0};
    bool moved;
    int rc = store_zones(w->store, &names);

    for (size_t i = 0; i < names.count; i++)
        zone_get(names.items[i]);
    str_list_close(&names);
    if (rc == 0)
        rc = store_zone_note_business(w->store, zone_name(w->settings->business.calendar.zone));
    return rc == 0 ? world_note_zones(w, &moved) : rc;
}

/* --- the whole --- */

int world_load(struct world *w, struct store *s, const struct settings *settings,
               const struct playbook *playbook, int64_t now_ms, bool sync)
{
    *w = (struct world){.store = s, .settings = settings, .playbook = playbook};
    w->rules = mem_array(playbook->rule_count, sizeof(*w->rules));
    w->plan_rules = mem_array(playbook->rule_count, sizeof(*w->plan_rules));
    int rc = sync ? store_rules_sync(s, playbook, now_ms, w->rules)
                  : store_rules_read(s, playbook, now_ms, w->rules);
    w->configuration = fingerprint(settings, playbook);
    if (rc == 0)
        rc = sync ? note_all_zones(w) : find_generation(w);
    if (rc == 0)
        rc = world_reload_staff(w);
    if (rc == 0 && sync)
        rc = stray_recheck(w, now_ms);
    if (rc != 0) {
        world_close(w);
        return rc;
    }
    for (size_t i = 0; i < playbook->rule_count; i++)
        w->plan_rules[i].since_ms = w->rules[i].since_ms;
    w->plan.settings = settings;
    w->plan.playbook = playbook;
    w->plan.rules = w->plan_rules;
    w->plan.staff_contact = staff_contact;
    w->plan.arg = w;
    w->plan.now_ms = now_ms;
    return 0;
}

/* Nothing else that planning depends on is another than it was: neither the settings, nor the
 * clocks, nor since when the other rules count. */
static bool differ_in_one_rule(const struct world *before, const struct world *now, size_t *rule)
{
    if (before->settings->digest != now->settings->digest ||
        holidays_hash(before->settings) != holidays_hash(now->settings) ||
        before->outdated != now->outdated ||
        !playbook_lone_change(before->playbook, now->playbook, rule))
        return false;
    for (size_t i = 0; i < now->playbook->rule_count; i++)
        if (before->rules[i].id != now->rules[i].id ||
            (i != *rule && before->rules[i].since_ms != now->rules[i].since_ms))
            return false;
    return true;
}

void world_inherit(struct world *w, struct world *from)
{
    w->former = differ_in_one_rule(from, w, &w->lone_rule) ? from->generation : 0;
    free(w->phones);
    w->phones = from->phones;
    from->phones = NULL;
    phone_ahead_free(w->phones_ahead);
    w->phones_ahead = from->phones_ahead;
    from->phones_ahead = NULL;
}

void world_close(struct world *w)
{
    free(w->rules);
    free(w->plan_rules);
    store_staff_free(w->staff, w->staff_count);
    free(w->staff_contacts);
    free(w->phones);
    phone_ahead_free(w->phones_ahead);
    *w = (struct world){0};
}

int world_rule_by_id(const struct world *w, int64_t rule_id)
{
    for (size_t i = 0; i < w->playbook->rule_count; i++)
        if (w->rules[i].id == rule_id)
            return (int)i;
    return -1;
}
