/*
 * The table of all commands, their help, and the way from a command line to one of them. See
 * cli/command.h.
 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/terminal.h"

#define INSTALLED_DIR "/etc/betimes"
#define COMMANDS_MAX 64

static const struct command *const begin[] = {
    &command_demo,
    &command_init,
    NULL,
};
static const struct command *const work[] = {
    &command_run,
    NULL,
};
static const struct command *const before[] = {
    &command_check,  &command_forecast,  &command_simulate, &command_preview,
    &command_render, &command_send_test, &command_ical,     NULL,
};
static const struct command *const after[] = {
    &command_status, &command_outbox, &command_history, &command_why, &command_tasks, NULL,
};
static const struct command *const step_in[] = {
    &command_answer, &command_import, &command_retry, &command_cancel,
    &command_pause,  &command_resume, NULL,
};
static const struct command *const people[] = {
    &command_user,
    &command_calendar,
    NULL,
};

static const struct command *const safe[] = {
    &command_backup,
    NULL,
};

const struct command_group command_groups[] = {
    {"To begin", begin},
    {"To do the work", work},
    {"To look before anything goes", before},
    {"To look after what goes", after},
    {"To step in", step_in},
    {"To let people in", people},
    {"To keep it safe", safe},
    {NULL, NULL},
};

static const struct option_spec common_options[] = {
    {"dir", 'c', "DIR",
     "the folder with betimes.conf (the present one if it has one,\nelse /etc/betimes)"},
    {"help", 'h', NULL, "this text"},
};
static const struct option_spec json_option[] = {
    {"json", 0, NULL, "print JSON; times are in UTC, a list is an array"},
};

void command_know_options(const struct command *c, struct options *o)
{
    options_know(o, c->options, c->option_count);
    if (c->reads)
        options_know(o, json_option, COUNT_OF(json_option));
    options_know(o, common_options, COUNT_OF(common_options));
}

static size_t command_names(const char *names[COMMANDS_MAX])
{
    size_t n = 0;

    for (const struct command_group *g = command_groups; g->title != NULL; g++)
        for (size_t i = 0; g->commands[i] != NULL && n < COMMANDS_MAX; i++)
            names[n++] = g->commands[i]->name;
    return n;
}

const struct command *command_find(const char *name)
{
    for (const struct command_group *g = command_groups; g->title != NULL; g++)
        for (size_t i = 0; g->commands[i] != NULL; i++)
            if (strcmp(g->commands[i]->name, name) == 0)
                return g->commands[i];
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *names[COMMANDS_MAX];

    return str_nearest(name, names, command_names(names));
}

/* ---- errors */

int command_error(int rc, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    fprintf(stderr, "betimes: %s\n", b.data);
    buf_close(&b);
    switch (rc) {
    case ERR_INVALID:
    case ERR_NOTFOUND:
    case ERR_LIMIT:
    case ERR_EXISTS:
        return EXIT_ASKED;
    default:
        return EXIT_FAILED;
    }
}

int command_misused(const struct call *call, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    fprintf(stderr, "betimes %s: %s\n`betimes %s --help` tells what it takes\n",
            call->command->name, b.data, call->command->name);
    buf_close(&b);
    return EXIT_ASKED;
}

/* ---- help */

#define OPTION_COLUMN 22

static void print_option(const struct option_spec *o)
{
    char *text = o->letter != 0 ? mem_printf("-%c %s", o->letter, o->value != NULL ? o->value : "")
                                : mem_printf("--%s%s%s", o->name, o->value != NULL ? " " : "",
                                             o->value != NULL ? o->value : "");
    if (o->letter != 0 && o->value == NULL) {
        free(text);
        text = mem_printf("-%c, --%s", o->letter, o->name);
    }
    if (strlen(text) > OPTION_COLUMN - 2)
        printf("  %s\n  %*s", text, OPTION_COLUMN, "");
    else
        printf("  %-*s", OPTION_COLUMN, text);
    free(text);
    for (const char *p = o->help; *p != '\0'; p++) {
        putchar(*p);
        if (*p == '\n')
            printf("  %*s", OPTION_COLUMN, "");
    }
    putchar('\n');
}

void command_print_help(const struct command *c)
{
    struct options o = {0};

    command_know_options(c, &o);
    printf("betimes %s%s%s [options]\n", c->name, c->words[0] != '\0' ? " " : "", c->words);
    printf("%s.\n\n%s\n", c->help, c->more);
    put_text(BOLD, "Options");
    putchar('\n');
    for (size_t i = 0; i < o.count; i++)
        print_option(o.specs[i]);
}

void command_print_overview(void)
{
    printf("Betimes keeps every client of a business informed, in good time: rows in a database\n"
           "become reminders, updates and confirmations by e-mail and SMS.\n\n"
           "  betimes COMMAND [-c DIR] [options]\n");
    for (const struct command_group *g = command_groups; g->title != NULL; g++) {
        putchar('\n');
        put_text(BOLD, g->title);
        putchar('\n');
        for (size_t i = 0; g->commands[i] != NULL; i++)
            printf("  %-11s %s\n", g->commands[i]->name, g->commands[i]->help);
    }
    putchar('\n');
    put_text(BOLD, "Everywhere");
    printf("\n"
           "  -c DIR      the folder with betimes.conf (the present one if it has one, else\n"
           "              /etc/betimes)\n"
           "  --json      with commands that read: JSON instead of a table\n"
           "  --help      after a command: what it takes; `betimes help COMMAND` is the same\n"
           "  --version   the version\n\n");
    put_text(BOLD, "For example");
    printf("\n"
           "  betimes init -c shop            make a folder to work in, with samples\n"
           "  betimes check -c shop           is everything in it in order?\n"
           "  betimes forecast --days 7       what goes out this week, to whom, and why\n"
           "  betimes why 1234                why was this message sent, or why not?\n"
           "  betimes pause --reason \"phones are down\"\n\n"
           "Exit status: 0; 1 if what was asked is wrong; 2 if it could not be done.\n");
}

/* ---- from the command line to a command */

static int check_words(const struct call *call)
{
    const struct command *c = call->command;
    size_t n = call->options.word_count;

    if (n < c->words_min)
        return command_misused(call, "something is missing: betimes %s %s", c->name, c->words);
    if (n > c->words_max)
        return command_misused(
            call, c->words_max == 0 ? "`%s` is too much here" : "`%s` is one word too many",
            call->options.words[c->words_max]);
    return EXIT_DONE;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct call call = {.command = c};
    struct err err = {""};
    int status;

    command_know_options(c, &call.options);
    if (options_parse(&call.options, argc, argv, &err) != 0) {
        status = command_misused(&call, "%s", err.text);
    } else if (option_given(&call.options, "help")) {
        command_print_help(c);
        status = EXIT_DONE;
    } else if ((status = check_words(&call)) == EXIT_DONE) {
        call.dir = option_value(&call.options, "dir");
        if (call.dir == NULL)
            call.dir = access("betimes.conf", F_OK) == 0 ? "." : INSTALLED_DIR;
        call.json = c->reads && option_given(&call.options, "json");
        status = c->run(&call);
    }
    options_close(&call.options);
    if (fflush(stdout) != 0 && status == EXIT_DONE)
        status = command_error(ERR_IO, "could not write the output");
    return status;
}

static int unknown(const char *name)
{
    const char *near = name[0] != '-' ? command_nearest(name) : NULL;
    const char *kind = name[0] == '-' ? "option" : "command";

    if (near != NULL)
        fprintf(stderr, "betimes: there is no %s %s; did you mean %s?\n", kind, name, near);
    else
        fprintf(stderr, "betimes: there is no %s %s; `betimes --help` lists what there is\n", kind,
                name);
    return EXIT_ASKED;
}

static int help(int argc, char **argv)
{
    const struct command *c = argc > 0 ? command_find(argv[0]) : NULL;

    if (argc > 0 && c == NULL)
        return unknown(argv[0]);
    if (c != NULL)
        command_print_help(c);
    else
        command_print_overview();
    return EXIT_DONE;
}

int cli_main(int argc, char **argv)
{
    int first = 1; /* where the command stands: `betimes -c DIR outbox` is fine as well */

    terminal_begin();
    if (argc > 3 && strcmp(argv[1], "-c") == 0)
        first = 3;
    if (argc < 2) {
        fputs("betimes: say what to do; `betimes --help` lists what there is\n", stderr);
        return EXIT_ASKED;
    }
    const char *name = argv[first];
    if (strcmp(name, "--version") == 0) {
        puts("betimes " BETIMES_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(0, NULL);
    if (strcmp(name, "help") == 0)
        return help(argc - first - 1, argv + first + 1);
    const struct command *c = command_find(name);
    if (c == NULL)
        return unknown(name);
    for (int i = first; i > 1; i--) /* the command goes in front of -c DIR */
        argv[i] = argv[i - 1];
    return run(c, argc - 2, argv + 2);
}
