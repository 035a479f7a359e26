/*
 * One command of the command line: what it is called, what it takes, what it does. The table of all
 * of them is in src/cli/commands.c; each is in a file of its own, src/cli/cmd_NAME.c.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/options.h"

struct command;

/* A command as it was called. */
struct call {
    const struct command *command;
    struct options options;
    const char *dir; /* -c, or where it was found; what is there was not looked at */
    bool json;
};

struct command {
    const char *name;
    const char *words; /* "ID...", for the usage; "": none */
    size_t words_min, words_max;
    const char *help;                  /* one line, for the list of all commands */
    const char *more;                  /* paragraphs of --help, each line up to 78 columns */
    const struct option_spec *options; /* besides -c, --json and --help */
    size_t option_count;
    bool reads;                          /* takes --json */
    int (*run)(const struct call *call); /* returns an exit status */
};

/* Options of several commands, worded once. */
#define OPTION_NOW                                                                                 \
    {                                                                                              \
        "now", 0, "TIME",                                                                          \
            "take this for the present time, like 2026-12-08T15:00\n(the business's clock) or "    \
            "2026-12-08T13:00Z"                                                                    \
    }
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Say on standard error what went wrong, and return the exit status that fits `rc`, a code of
 * base/err.h: EXIT_ASKED for what was asked wrongly, else EXIT_FAILED. */
__attribute__((format(printf, 2, 3))) int command_error(int rc, const char *fmt, ...);

/* The same for a word or option that is wrong, with a pointer to the command's help. */
__attribute__((format(printf, 2, 3))) int command_misused(const struct call *call, const char *fmt,
                                                          ...);

/* The n-th word, or NULL. */
static inline const char *call_word(const struct call *call, size_t n)
{
    return n < call->options.word_count ? call->options.words[n] : NULL;
}

/* All commands; a NULL ends each group, an empty group the table. */
struct command_group {
    const char *title;
    const struct command *const *commands;
};
extern const struct command_group command_groups[];

const struct command *command_find(const char *name); /* NULL: none */
const char *command_nearest(const char *name);        /* NULL: nothing is near */
void command_print_help(const struct command *c);     /* on standard output */
void command_print_overview(void);                    /* betimes --help */
void command_know_options(const struct command *c, struct options *o);

#endif
