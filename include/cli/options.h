/*
 * Options and words of a command line. `--name value` and `--name=value`, `-c value` and `-cvalue`;
 * options and words in any order; `--` ends the options. An unknown option is told with the nearest
 * known one.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OPTIONS_MAX 24 /* that one command has */
#define WORDS_MAX 1000 /* that one command line may have */

struct option_spec {
    const char *name;  /* "client" for --client */
    char letter;       /* 'c' for -c; 0: none */
    const char *value; /* "REF" in the help; NULL: it takes none */
    const char *help;  /* what it does; NULL: not listed */
};

struct options {
    const struct option_spec *specs[OPTIONS_MAX];
    const char *values[OPTIONS_MAX]; /* NULL: not given; "" for one without a value */
    size_t count;
    const char **words; /* what is no option, in its order */
    size_t word_count;
};

/* Add `count` known options. */
void options_know(struct options *o, const struct option_spec *specs, size_t count);

/* Read argv[0..argc), which has to outlive `o`. ERR_INVALID with a sentence: unknown, given twice,
 * without its value, with one it does not take. ERR_LIMIT: more than WORDS_MAX words. */
int options_parse(struct options *o, int argc, char **argv, struct err *err);
void options_close(struct options *o);

/* Was the option (which has to be a known one) given? Its value, or NULL. */
bool option_given(const struct options *o, const char *name);
const char *option_value(const struct options *o, const char *name);

/* Its value as a number within [min, max]; `fallback` when it is not given. ERR_INVALID. */
int option_number(const struct options *o, const char *name, int64_t min, int64_t max,
                  int64_t fallback, int64_t *out, struct err *err);

#endif
