/*
 * Jobs in a stage that no workflow of the playbook has. Few at any time, mostly none: nothing is
 * kept of all the others.
 */
#ifndef STORE_STRAYS_H
#define STORE_STRAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/store.h"

/* The job with this entity is in that stage. *news: it was not known to be. */
int store_stray_add(struct store *s, int64_t entity_id, const char *stage, bool *news);

/* It is not any more. *was: it was known to be; in which stage, a heap string (else NULL). */
int store_stray_drop(struct store *s, int64_t entity_id, char **was);

/* Every job of that stage is where it belongs: the playbook has the stage now. */
int store_strays_drop(struct store *s, const char *stage);

/* The stages that jobs are known to stray in, appended to `out`. */
int store_stray_stages(struct store *s, struct str_list *out);

/* The first `max` jobs in that stage as people know them ("J-17 (Volvo V70)"), appended to `names`;
 * *job_id: the row of the first, 0 if there is none. */
int store_strays_in(struct store *s, const char *stage, size_t max, struct str_list *names,
                    int64_t *job_id);

#endif
