/*
 * Finding a zone by what a calendar calls it: as it stands, behind a prefix, by Windows' names, by
 * X-LIC-LOCATION. A hash table by TZID, so that each is looked up and told once.
 */
#include "ical/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/windows.h"
#include "time/civil.h"

#define BUCKETS 64

struct places {
    struct place utc, floating;
    struct place *buckets[BUCKETS];
    size_t count;
    const struct zone *fallback;
    struct place nowhere; /* for what is over PLACES_MAX */
};

/* ---- names ---- */

static const struct zone *plain_zone(const char *name)
{
    static const char *const utc[] = {"UTC", "Z", "GMT", "Etc/UTC", "Etc/GMT", "UCT", "Zulu"};

    for (size_t i = 0; i < sizeof(utc) / sizeof(utc[0]); i++)
        if (str_ieq(name, utc[i]))
            return zone_utc();
    /* Files of the zone folder that are no place's clock. */
    if (strcmp(name, "Factory") == 0 || strcmp(name, "posixrules") == 0)
        return NULL;
    return zone_get(name);
}

/* "/mozilla.org/20050126_1/Europe/Riga": RFC 5545, 3.2.19, lets a name with a slash in front be
 * anybody's; behind the owner and version stands what we know. The longest end that is a zone. */
static const struct zone *prefixed_zone(const char *name)
{
    const char *end = name;

    while ((end = strchr(end, '/')) != NULL) {
        end++;
        if (strchr(end, '/') == NULL && !str_ieq(end, "UTC"))
            return NULL; /* "Riga" alone, or "EST", may be anything */
        const struct zone *z = plain_zone(end);
        if (z != NULL)
            return z;
    }
    return NULL;
}

static const struct zone *zone_of_name(const char *name)
{
    const struct zone *z = plain_zone(name);
    const char *iana;

    if (z == NULL && (*name == '/' || strncasecmp(name, "tzone://", 8) == 0))
        z = prefixed_zone(name);
    if (z == NULL && (iana = windows_zone(name)) != NULL)
        z = zone_get(iana);
    return z;
}

/* ---- the table ---- */

static struct place **slot(struct places *p, const char *tzid)
{
    struct place **s = &p->buckets[str_hash(tzid, strlen(tzid), 0) % BUCKETS];

    while (*s != NULL && strcmp((*s)->tzid, tzid) != 0)
        s = &(*s)->next;
    return s;
}

static struct place *add(struct places *p, struct place **s, const char *tzid)
{
    struct place *new = mem_zalloc(sizeof(*new));

    new->tzid = mem_strdup(tzid);
    new->zone = zone_of_name(tzid);
    *s = new;
    p->count++;
    return new;
}

static void read_timezone(struct places *p, const struct content *c, uint32_t component,
                          int64_t *budget, struct trouble *trouble)
{
    const struct content_property *tzid = content_first(c, component, "TZID");
    const struct content_property *location = content_first(c, component, "X-LIC-LOCATION");

    if (tzid == NULL || *tzid->value == '\0') {
        trouble_add(trouble, c->components[component].line, "a VTIMEZONE without a TZID");
        return;
    }
    struct place **s = slot(p, tzid->value);
    if (*s != NULL || p->count >= PLACES_MAX)
        return; /* defined twice: the first counts */
    struct place *new = add(p, s, tzid->value);
    if (new->zone == NULL && location != NULL)
        new->zone = zone_of_name(location->value);
    new->definition = definition_create(c, component, budget, trouble);
    if (new->zone == NULL &&new->definition != NULL)
        trouble_add(trouble, tzid->line,
                    "the zone \"%.*s\" is unknown here; the calendar's own definition counts",
                    trouble_quote(tzid->value), tzid->value);
}

struct places *places_create(const struct content *c, uint32_t component,
                             const struct zone *fallback, int64_t *budget, struct trouble *trouble)
{
    struct places *p = mem_zalloc(sizeof(*p));
    const struct content_property *home = content_first(c, component, "X-WR-TIMEZONE");

    p->utc.zone = zone_utc();
    p->floating.floating = true;
    p->fallback = fallback != NULL ? fallback : zone_utc();
    for (uint32_t k = c->components[component].child; k != CONTENT_NONE;
         k = c->components[k].sibling)
        if (strcmp(c->components[k].name, "VTIMEZONE") == 0)
            read_timezone(p, c, k, budget, trouble);
    if (home != NULL && *home->value != '\0') {
        p->floating.zone = zone_of_name(home->value);
        if (p->floating.zone == NULL)
            trouble_add(trouble, home->line, "the calendar's zone \"%.*s\" is unknown here",
                        trouble_quote(home->value), home->value);
    }
    return p;
}

void places_free(struct places *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct place *next, *at = p->buckets[i]; at != NULL; at = next) {
            next = at->next;
            definition_free(at->definition);
            free(at->tzid);
            free(at);
        }
    }
    free(p);
}

struct place *places_utc(struct places *p)
{
    return &p->utc;
}

struct place *places_floating(struct places *p)
{
    return &p->floating;
}

struct place *places_get(struct places *p, const char *tzid, size_t line, struct trouble *trouble)
{
    struct place **s = slot(p, tzid);

    if (*s == NULL && p->count >= PLACES_MAX) {
        trouble_add(trouble, line, "more than %d zones", PLACES_MAX);
        return &p->nowhere;
    }
    struct place *found = *s != NULL ? *s : add(p, s, tzid);
    if (!place_known(found))
        trouble_add(trouble, line,
                    "the zone \"%.*s\" is unknown here, so it is unknown when this is",
                    trouble_quote(tzid), tzid);
    return found;
}

bool place_known(const struct place *p)
{
    return p->zone != NULL || p->definition != NULL;
}

/* ---- clocks ---- */

int64_t place_instant(const struct places *all, const struct place *p, int64_t wall_s)
{
    struct civil c;

    if (p->zone == NULL && p->definition != NULL)
        return (wall_s - definition_offset_at_wall(p->definition, wall_s)) * 1000;
    civil_from_seconds(wall_s, &c);
    return zone_to_instant(p->zone != NULL ? p->zone : all->fallback, &c);
}

int64_t place_wall(const struct places *all, const struct place *p, int64_t instant_ms)
{
    int64_t s = instant_ms / 1000 - (instant_ms % 1000 < 0);

    if (p->zone == NULL && p->definition != NULL)
        return s + definition_offset_at(p->definition, s);
    return s + zone_offset_s(p->zone != NULL ? p->zone : all->fallback, instant_ms);
}

static void put_offset(int offset_s, char out[16])
{
    int s = abs(offset_s);

    snprintf(out, 16, "UTC%c%02d:%02d", offset_s < 0 ? '-' : '+', s / 3600, s / 60 % 60);
}

void place_compare(struct place *p, int64_t wall_s, size_t line, struct trouble *trouble)
{
    struct civil c;
    char here[16], there[16];

    if (p->compared || p->zone == NULL || p->definition == NULL)
        return;
    civil_from_seconds(wall_s, &c);
    int system_s = (int)(wall_s - zone_to_instant(p->zone, &c) / 1000);
    int calendar_s = definition_offset_at_wall(p->definition, wall_s);
    if (system_s == calendar_s)
        return;
    p->compared = true;
    put_offset(system_s, here);
    put_offset(calendar_s, there);
    trouble_add(trouble, line,
                "the calendar's definition of \"%.*s\" has %s on %04d-%02d-%02d, the system's zone "
                "%s has %s, which counts",
                trouble_quote(p->tzid), p->tzid, there, c.year, c.month, c.day, zone_name(p->zone),
                here);
}
