/*
 * The keys of betimes.conf and playbook.conf: one table per kind of section. A table says what a
 * key is called, what its value is, its default and its limits, and what it is for; the same table
 * reads the files, finds the nearest name for a misspelt key, and lists the keys for people.
 */
#ifndef PLAYBOOK_DIRECTIVES_H
#define PLAYBOOK_DIRECTIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/problems.h"

/* What a value is, and the type of the field it is stored in. */
enum directive_type {
    DIRECTIVE_TEXT,     /* char *: one line; lines of a continued value are joined by a space */
    DIRECTIVE_VERBATIM, /* char *: as written, with its line ends */
    DIRECTIVE_NAME,     /* char *: [a-z0-9_-]{1,64} */
    DIRECTIVE_NAMES,    /* struct str_list: separated by commas, none twice */
    DIRECTIVE_WORD,     /* an enum: one of `words` */
    DIRECTIVE_YES_NO,   /* bool */
    DIRECTIVE_NUMBER,   /* int, min .. max */
    DIRECTIVE_DURATION, /* int64_t in ms, min .. max: "10 minutes" */
    DIRECTIVE_CUSTOM    /* whatever `parse` makes of it; `form` says what that is */
};

struct directive_word {
    const char *word;
    int value;
};

/* Where a value stands, for those who complain about it. */
struct directive_place {
    const char *file;
    int line;
    const char *key;
    struct problems *problems;
    void *context; /* of the reader of this file */
};

/* Parse `value` (white space folded) into `field`; complains and returns false when it is wrong. */
typedef bool (*directive_parse)(const struct directive_place *at, const char *value, void *field);

struct directive {
    const char *key;
    enum directive_type type;
    size_t offset;                      /* of the field in the section's struct */
    const char *fallback;               /* the default, written as in the file; NULL: none */
    const char *help;                   /* one line, no full stop */
    const struct directive_word *words; /* DIRECTIVE_WORD: ends with a NULL word */
    int64_t min, max;                   /* DIRECTIVE_NUMBER and _DURATION */
    directive_parse parse;              /* DIRECTIVE_CUSTOM */
    const char *form;                   /* DIRECTIVE_CUSTOM: the value for people */
    bool required;
};

struct directive_section {
    const char *file;    /* "betimes.conf" or "playbook.conf" */
    const char *kind;    /* "gateway" */
    const char *name;    /* "sms" in [channel sms]; "NAME" if any; NULL if there is none */
    const char *variant; /* "type = smtp" when the keys depend on it; else NULL */
    const char *help;
    const struct directive *directives;
    size_t count;
};

/* Every section of both files, in the order in which people should read about them: the first for
 * index 0, and so on; NULL after the last. */
const struct directive_section *playbook_directives(size_t index);

/* Can this version do what the key asks? (Otherwise the readers refuse it, saying so.) */
bool directive_is_supported(const struct directive_section *section, const struct directive *d);

/* What may stand after the `=`, for people: "yes or no", "a duration, such as 10 minutes". Valid
 * until the process ends; free() is not for it. Words are listed by directive_words. */
const char *directive_form(const struct directive *d);

/* The allowed words as "skip, send"; free() it; NULL unless DIRECTIVE_WORD. */
char *directive_words(const struct directive *d);

#endif
