/*
 * Which client is it? The names (calendar/names.h) of all events in question are collected first;
 * then one pass over the clients finds whose they are. Only numbers that end like one of those
 * wanted are read by libphonenumber, so the pass costs little however many clients there are.
 */
#ifndef CALENDAR_PEOPLE_H
#define CALENDAR_PEOPLE_H

#include <stdint.h>

#include "store/store.h"

struct people;

/* `country` (of numbers without a code; may be NULL) must outlive it. */
struct people *people_create(const char *country);
void people_free(struct people *p); /* NULL does nothing */

/* These will be asked for. */
void people_want(struct people *p, const char *names);

/* Look them up. Errors: the store's. */
int people_look(struct people *p, struct store *s);

enum people_answer { PEOPLE_ONE, PEOPLE_NONE, PEOPLE_SEVERAL };

/* Whom do they name? The client that all of them fit who fit anybody: a family's address and one
 * member's number name that member. Two attendees who are two clients are several: never a guess.
 * The names must have been wanted. */
enum people_answer people_find(const struct people *p, const char *names, int64_t *client_row);

#endif
