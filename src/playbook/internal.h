/*
 * What the modules of this room share with each other and with their tests, and nobody else.
 */
#ifndef PLAYBOOK_INTERNAL_H
#define PLAYBOOK_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/directives.h"
#include "playbook/ini.h"
#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "playbook/settings.h"

/* One reading of one file. */
struct reading {
    const char *file;
    struct problems *problems;
    bool all;      /* accept what this version cannot do yet (tests of the language) */
    void *context; /* handed to parse functions */
};

/* ---- ini.c */

/* How many bytes of this line of a value come before a comment. */
size_t ini_before_comment(const char *s, size_t len);

/* ---- not_yet.c */

/* Is this part of the language of a later version? `section` is "rule" or "channel sms"; `key` and
 * `value` may be NULL for the section or the key as a whole. */
bool not_yet(const char *section, const char *key, const char *value);

/* "`what` is not yet supported by this version; leave it out for now" */
void not_yet_error(const struct reading *r, int line, const char *what);

/* ---- directives.c */

enum settings_section {
    SECTION_BUSINESS,
    SECTION_CHANNEL_EMAIL,
    SECTION_CHANNEL_SMS,
    SECTION_DATABASE,
    SECTION_LIMITS,
    SECTION_WEB,
    SECTION_ALERT,
    SECTION_RETENTION,
    SECTION_COUNT
};
extern const struct directive_section settings_sections[SECTION_COUNT];
extern const struct directive_section gateway_sections[GATEWAY_FILE + 1];   /* by its type */
extern const struct directive_section calendar_sections[CALENDAR_FILE + 1]; /* likewise */
extern const struct directive_section workflow_section, rule_section;

/* Is called for a key that no directive has; true when it has been dealt with. */
typedef bool (*directive_other)(const struct reading *r, const struct ini_entry *e, void *target);

/* Read `section` (NULL: it is missing, only defaults apply) into `target`. */
void directives_apply(const struct reading *r, const struct directive_section *table,
                      const struct ini_section *section, void *target, directive_other other);

/* "`key`: ..." */
__attribute__((format(printf, 2, 3))) void place_error(const struct directive_place *at,
                                                       const char *fmt, ...);

/* " (did you mean `x`?)", or " (one of a, b, c)" when nothing is near; free() it. */
char *suggestion(const char *word, const char *const *names, size_t count);

/* ---- value.c: words and numbers that several keys share */

#define VALUE_NAME_MAX 64

void value_set(void *field, const char *value); /* field: a char *, freed first (it may be NULL) */
char *value_fold(const char *s);    /* white space and line ends to single spaces; free() it */
bool value_is_name(const char *s);  /* [a-z0-9_-]{1,64} */
bool value_is_phone(const char *s); /* +, digits, and what people put between them */
bool value_duration(const char *s, int64_t *ms);
bool value_decimal(const char *s, double *out); /* >= 0, a point, no exponent */
char *value_duration_text(int64_t ms);          /* "10 minutes"; free() it */

/* The host of a URL whose scheme is one of `schemes` (NULL at the end): a heap copy, or NULL with
 * `why` saying what would be right. */
char *value_url_host(const char *url, const char *const *schemes, bool with_path, const char **why);
bool value_host_is_loopback(const char *host);

/* ---- plan_digest.c */

/* A fingerprint of what the file says about when, whether and to whom messages are planned. */
uint64_t plan_digest(const struct ini *ini);
/* The same but for what the rules say: their names and order alone; and what one rule says. */
uint64_t plan_digest_frame(const struct ini *ini);
uint64_t plan_digest_rule(const struct ini_section *section);

/* ---- secrets.c */

/* The path of the secret that a file writes as `name`: a credential of the service manager first,
 * else relative to `dir`; NULL after complaining when there is none or others could read it. */
char *secret_path(const struct directive_place *at, const char *dir, const char *name);

/* The content of that file without its final line end; NULL after complaining. */
char *secret_read(const struct directive_place *at, const char *dir, const char *name);
void secret_free(char *s); /* overwrites it first */

/* ---- gateway_settings.c */

void gateway_settings_read(const struct reading *r, const struct ini_section *section,
                           struct gateway_settings *g);
/* After [web]: where its delivery reports are to go. */
void gateway_settings_reports(const struct reading *r, const char *listen, const char *url,
                              struct gateway_settings *g);
void gateway_settings_close(struct gateway_settings *g);

/* Values that calendars have, too. */
bool parse_password_file(const struct directive_place *at, const char *value, void *field);
bool parse_ca_file(const struct directive_place *at, const char *value, void *field);
void check_password(const struct reading *r, const struct ini_section *section);

/* ---- calendar_settings.c */

void calendar_settings_read(const struct reading *r, const struct ini_section *section,
                            struct calendar_settings *c);

/* ---- settings.c */

bool parse_zone(const struct directive_place *at, const char *value, void *field);

struct settings *settings_parse(const char *dir, const struct ini *ini, bool all,
                                struct problems *problems);

/* ---- holidays.c */

bool parse_holidays(const struct directive_place *at, const char *value, void *calendar);

/* ---- caps.c */

bool parse_cap(const struct directive_place *at, const char *value, void *business);
bool parse_blast(const struct directive_place *at, const char *value, void *field);
bool parse_brake(const struct directive_place *at, const char *value, void *field);

/* ---- event.c */

bool parse_on(const struct directive_place *at, const char *value, void *rule);

/* ---- when.c: each complains and returns false when the text is wrong */

bool parse_when(const struct directive_place *at, const char *value, void *rule);
bool parse_every(const struct directive_place *at, const char *value, void *rule);
const char *offset_unit_name(enum offset_unit unit, int64_t count); /* "day", "days" */

/* ---- rule.c */

/* Read [rule NAME]; true when it makes sense in itself. The rule needs rule_close either way. */
bool rule_read(const struct reading *r, const struct ini_section *section, struct rule *rule);
void rule_close(struct rule *rule);

/* ---- playbook.c */

struct playbook *playbook_parse(const struct ini *ini, bool all, struct problems *problems);

#endif
