/*
 * Calendars that were published: those who have the link of one may subscribe to it. The link's
 * token is kept as a hash alone; whoever lost the link gets another one.
 */
#ifndef STORE_PUBLISHED_H
#define STORE_PUBLISHED_H

#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/store.h"

#define PUBLISHED_MAX 1000 /* that there may be at a time */

struct published {
    int64_t id;
    char *staff_key; /* whose visits, by the writer's key (store/entities.h); NULL: everybody's */
    int64_t created_ms;
};
void published_close(struct published *p);
void published_free(struct published *list, size_t count); /* NULL with 0 is fine */

/* Publish one, known by its token's hash. ERR_LIMIT: there are PUBLISHED_MAX. */
int store_published_add(struct store *s, const char *hash, const char *staff_key, int64_t now_ms,
                        int64_t *id);

/* Publish one under a new token, within the caller's transaction: the token goes into `token`, and
 * nobody can find it out again. ERR_LIMIT as above. */
#define PUBLISHED_BITS 160
#define PUBLISHED_TOKEN_MAX (PUBLISHED_BITS / 4 + 1)
int store_publish(struct store *s, const char *staff_key, int64_t now_ms,
                  char token[PUBLISHED_TOKEN_MAX], int64_t *id);

/* The one with this hash; ERR_NOTFOUND. Close in any case. */
int store_published(struct store *s, const char *hash, struct published *out);

/* The member of staff who has this key now: a ref, or "#7" of one without. ERR_NOTFOUND. Close in
 * any case. */
int store_published_staff(struct store *s, const char *key, struct staff *out);

/* Whose visits one of them shows: the name of a member of staff, or their key where nobody has it
 * now; NULL: everybody's. free() it. ERR_NOTFOUND. */
int store_published_whose(struct store *s, int64_t id, char **name);

/* All of them, by id; free with published_free. */
int store_published_all(struct store *s, struct published **out, size_t *count);

/* Its link leads nowhere from now on. ERR_NOTFOUND. */
int store_published_remove(struct store *s, int64_t id);

#endif
