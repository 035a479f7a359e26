/*
 * The versions of the templates' texts: who changed what when. The files are what counts; these
 * rows remember what they were.
 */
#ifndef STORE_TEMPLATES_H
#define STORE_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "plan/record.h"
#include "store/entities.h"
#include "store/store.h"

#define TEMPLATE_VERSIONS_MAX 200 /* kept of each file; older ones go */

struct template_version {
    int64_t id;
    char *file; /* beneath the folder of templates */
    int64_t at_ms;
    char *by;   /* who saved it on the page; NULL: it was found in the file */
    bool same;  /* what it says did not change: translations are as good as before */
    char *text; /* NULL in lists */
};
void template_version_close(struct template_version *t);
void template_versions_free(struct template_version *list, size_t count);

/* Is this the text of the file's latest version? */
int store_template_is(struct store *s, const char *file, const char *text, bool *is);

/* A new version. */
int store_template_add(struct store *s, const char *file, const char *text, const char *by,
                       bool same, int64_t now_ms);

/* One, with its text; ERR_NOTFOUND. */
int store_template_version(struct store *s, int64_t id, struct template_version *out);

/* Those of a file, the latest first, without their texts. */
int store_template_versions(struct store *s, const char *file, struct template_version **out,
                            size_t *count);

/* When each file last said something else: by their names. */
struct template_age {
    char *file;
    int64_t meant_ms; /* of the latest version that changed what it says */
    int64_t at_ms;    /* of the latest one */
};
int store_template_ages(struct store *s, struct template_age **out, size_t *count);
void template_ages_free(struct template_age *list, size_t count);

/* The languages of clients, as they are written in their rows, with how many speak each: at most
 * `max`, the most spoken first. Looks at every client. */
struct client_language {
    char *language;
    int64_t count;
};
int store_client_languages(struct store *s, size_t max, struct client_language **out,
                           size_t *count);
void client_languages_free(struct client_language *list, size_t count);

/* What a rule has written about lately, the latest first: clients, jobs and appointments. If it has
 * not, the latest records of the kind. At most `max`, into `out`. */
struct rule_subject {
    enum entity_kind kind;
    int64_t row_id;
};
int store_rule_subjects(struct store *s, const char *rule, enum entity_kind kind, size_t max,
                        struct rule_subject *out, size_t *count);

/* The e-mail addresses or numbers of those of the staff who are active, as written, at most `max`;
 * appended to `out`. */
int store_staff_addresses(struct store *s, enum channel c, size_t max, struct str_list *out);

#endif
