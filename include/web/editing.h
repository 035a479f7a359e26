/*
 * One text while somebody looks at it or changes it: the file, what stands in the editor, for whom
 * it is shown. Every page about one text begins with it.
 */
#ifndef WEB_EDITING_H
#define WEB_EDITING_H

#include "send/sample.h"
#include "web/texts.h"
#include "web/visit.h"
#include "web/words.h"

#define CHOICES_MAX 24
#define CHOICE_VALUE_MAX 24

/* A record that a message can be shown with. */
struct choice {
    /* "sample"; c, j, a or n and the id of a client, job, appointment or answer */
    char value[CHOICE_VALUE_MAX];
    char *label;
};

struct editing {
    struct visit *v;
    struct texts texts;
    struct template_file file;
    char *path;               /* beneath the folder of templates */
    char *saved;              /* what is in the file; NULL: there is none */
    uint64_t digest;          /* of that; FS_ABSENT */
    uint64_t seen;            /* of what the editor began with */
    char *text;               /* in the editor */
    bool changed;             /* that came with a form */
    struct problems problems; /* of it (web/text_check.h): errors keep it from being saved */
    enum channel channel;
    const struct rule *rule; /* whose message is shown; NULL: nobody's */
    struct rule stand_in;    /* for a text that no rule uses */
    const char *find;        /* words to search a client by */
    struct choice choices[CHOICES_MAX];
    size_t choice_count, chosen;
    struct record_set record;
};

/* Begin: the text that the path names, with what the form says, if one came. ERR_NOTFOUND: there
 * can be no such text. Errors: those of the store. Close it in any case. */
int editing_open(struct visit *v, struct editing *e);
void editing_close(struct editing *e);

/* Is it no text yet, and has nobody typed anything? What it lacks is then no mistake of anybody. */
bool editing_is_fresh(const struct editing *e);

/* Put another text into the editor. */
void editing_set(struct editing *e, const char *text);

/* The page with the editor. `notice` (WORD_COUNT: none) is said at its top, with `words` in it (may
 * be NULL), as good or bad news. */
struct editing_notice {
    enum word notice;
    const char *words;
    bool good;
    const char *differs; /* what somebody else has saved meanwhile; NULL: nobody has */
};
int editing_page(struct editing *e, const struct editing_notice *n);

/* What is wrong with the text, and what is to be noted, each with its line as a link into the
 * editor; nothing if nothing is. */
void editing_problems(const struct editing *e);

/* The section with the message as it would read. */
void template_show(struct editing *e);

/* Compose the message of the editor's text for the chosen record: as send/compose. `to` NULL: a
 * preview. ERR_NOTFOUND when no message has it. */
struct gateway_settings;
int template_compose(struct editing *e, const char *to, const struct gateway_settings *gateway,
                     const char *token, struct payload *out, struct sms_size *size, char *reason);

/* The differences of two texts, with what is the same around them. */
void template_differences(struct visit *v, const char *before, const char *after);

/* Addresses of one's own that a test may go to: staff who are active, and who hears of alarms.
 * "none" by the channel: an empty list. */
int template_test_addresses(struct editing *e, struct str_list *out);

#endif
