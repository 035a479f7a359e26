/*
 * What the calendars of clients were told of appointments: by which UID they know one, which
 * SEQUENCE they have seen, and what it said. One row per appointment that ever had an invitation;
 * it is never forgotten, for an event that a calendar knows can only be changed by its UID.
 */
#ifndef STORE_INVITATIONS_H
#define STORE_INVITATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct invited {
    char *uid;
    int64_t sequence;
    int64_t client_row; /* whose calendar */
    char *told;         /* times, words and state, as one text: equal texts say the same */
};
void invited_close(struct invited *i);

/* What was told of this subject (an appointment's entity). ERR_NOTFOUND: nothing. */
int store_invited(struct store *s, int64_t subject_id, struct invited *out);

/* Another appointment goes by this UID. */
int store_uid_taken(struct store *s, int64_t subject_id, const char *uid, bool *taken);

/* Insert or replace. */
int store_invited_save(struct store *s, int64_t subject_id, const struct invited *i);

/* The name that this database has in the world: 128 random bits in hexadecimal, made when first
 * asked for (which writes) and never changed. free() it. */
int store_identity(struct store *s, char **out);

#endif
