/*
 * The objects of CalDAV collections, as the last look found them: by their addresses there, with
 * the ETag that tells one version from another, and the UID of the event in them. A look asks for
 * what it knows; an answer is written to the object that has the event. One that could not be read
 * is kept with the reason, and with the UID of what was known of it.
 */
#ifndef STORE_CALENDAR_OBJECTS_H
#define STORE_CALENDAR_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Owned strings, never NULL but in one that is empty. */
struct calendar_object {
    char *href, *etag, *uid;
    char *trouble; /* why it could not be read; NULL: it could */
};
void calendar_object_close(struct calendar_object *o);

/* Insert it, or write over the one at this href. */
int store_calendar_object_save(struct store *s, int64_t calendar_id,
                               const struct calendar_object *o);

/* One that is not there is no error. */
int store_calendar_object_delete(struct store *s, int64_t calendar_id, const char *href);

/* By its address; by the event in it (of several the first by address). ERR_NOTFOUND. Close in any
 * case. */
int store_calendar_object(struct store *s, int64_t calendar_id, const char *href,
                          struct calendar_object *out);
int store_calendar_object_of(struct store *s, int64_t calendar_id, const char *uid,
                             struct calendar_object *out);

/* Those that could not be read, by href, at most `max`. Free with calendar_objects_free in any
 * case. */
int store_calendar_objects_troubled(struct store *s, int64_t calendar_id, size_t max,
                                    struct calendar_object **out, size_t *count);

/* The task about one that cannot be read: its key; free() it. */
char *store_calendar_object_task(const char *name, const char *href);

/* All of them, by href (byte by byte). Free with calendar_objects_free in any case. */
int store_calendar_objects(struct store *s, int64_t calendar_id, struct calendar_object **out,
                           size_t *count);
void calendar_objects_free(struct calendar_object *list, size_t count);

#endif
