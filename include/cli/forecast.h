/*
 * Inside `betimes forecast`: what its parts share. cmd_forecast.c lists what will go;
 * forecast_totals.c adds it up; forecast_change.c compares two playbooks.
 */
#ifndef CLI_FORECAST_H
#define CLI_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/outlook.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/terminal.h"

struct forecast {
    const struct call *call;
    struct session session;
    struct outlook_span span;
    bool totals;                    /* nothing but the sums */
    char ahead[SHOW_TIME_MAX + 16]; /* "in the next 30 days", "until Tue 8 Dec 15:00" */
};

/* Sums for each rule, and for each day and channel. */
struct totals;
struct totals *totals_create(const struct forecast *f, const struct settings *settings);
void totals_free(struct totals *t);
void totals_add(struct totals *t, const struct outlook_line *l);
const struct outlook_sum *totals_all(const struct totals *t);
void totals_print(const struct totals *t); /* the two tables */
json_t *totals_json(const struct totals *t);

/* What the playbook in `path` would change against the one in `against` (NULL: the present one).
 * Returns an exit status. */
int forecast_change(struct forecast *f, const char *path, const char *against);

/* ", 3 of them now"; of a single message ", now"; of none nothing. */
void forecast_share(size_t part, size_t whole, const char *when);

#endif
