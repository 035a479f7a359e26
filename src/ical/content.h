/*
 * The syntax of iCalendar (RFC 5545, 3.1): bytes become lines, unfolded and cut into name,
 * parameters and value, in a tree of components. Nothing here knows what a property means.
 *
 * A reader of our own, and no library's. Before libical may see a stranger's bytes somebody has to
 * check the nesting (100,000 levels crash it), the lines' lengths and the zone names (it opens
 * "../../../x" as a file): that is a reader of content lines already. And what its parser would
 * give in return is less than what stands in the file: a SEQUENCE of "zz" is read as 0, a date with
 * a letter too many loses its property, and of a file that was cut off it says nothing but NULL.
 */
#ifndef ICAL_CONTENT_H
#define ICAL_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ical/trouble.h"

#define CONTENT_LINE_MAX                                                                           \
    ((size_t)256 * 1024)    /* bytes of an unfolded line; longer ones are left out */
#define CONTENT_DEPTH_MAX 8 /* a calendar's alarm is on the third level */
#define CONTENT_COMPONENTS_MAX 300000
#define CONTENT_PROPERTIES_MAX 4000000
#define CONTENT_NONE UINT32_MAX

struct content_property {
    const char *name;   /* upper case */
    const char *params; /* as written, without the first ";"; "" for none */
    const char *value;  /* as written, on one line; UTF-8 without control characters but tabs */
    uint32_t line;      /* where it begins, from 1 */
    uint32_t next;      /* of the same component; CONTENT_NONE: no more */
};

struct content_component {
    const char *name;           /* upper case */
    uint32_t line, end;         /* of its BEGIN and its END */
    uint32_t parent;            /* CONTENT_NONE: a calendar, or what stands beside calendars */
    uint32_t child, last_child; /* CONTENT_NONE: none */
    uint32_t sibling;           /* the next child of the same parent */
    uint32_t property, last_property;
};

struct content {
    char *text;
    struct content_property *properties;
    size_t property_count, property_cap;
    struct content_component *components; /* in the order in which they begin */
    size_t component_count, component_cap;
    struct trouble trouble; /* lines that are none */
};

/*
 * Read `bytes`, all of them. ERR_INVALID with a sentence: no calendar at all, not UTF-8 but UTF-16,
 * one that ends in its middle or whose components do not nest. ERR_LIMIT: deeper or with more
 * components than the limits. Single lines that are none are left out and told in `trouble`. Bytes
 * that are not UTF-8 become "?".
 */
int content_parse(const void *bytes, size_t len, struct content **out, struct err *err);
void content_free(struct content *c);

/* The first property of this name (upper case) in a component, or after `p` in its component; NULL
 * when there is none. */
const struct content_property *content_first(const struct content *c, uint32_t component,
                                             const char *name);
const struct content_property *content_next(const struct content *c,
                                            const struct content_property *p, const char *name);

/* The value of a parameter (name in upper case), in the place of what `out` has; quotes and RFC
 * 6868's circumflexes are undone. False when it is not there. */
bool content_param(const struct content_property *p, const char *name, struct buf *out);

#endif
