/* betimes user: who may use the page. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/users.h"
#include "web/password.h"

#define LINE_MAX_BYTES (PASSWORD_BYTES_MAX + 2)

static const struct option_spec user_options[] = {
    {"role", 0, "ROLE", "manager, staff or reader (the default for `add`)"},
};

/* --- the password --- */

/* A line of standard input; on a terminal asked for, and not shown. false: there is none. */
static bool read_line(const char *prompt, char out[LINE_MAX_BYTES])
{
    struct termios shown, hidden;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;

    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        fflush(stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool got = fgets(out, LINE_MAX_BYTES, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    return got;
}

/* Ask for a new password, twice on a terminal, and hash it; NULL after saying what is wrong. */
static char *ask_password(int *status)
{
    char line[LINE_MAX_BYTES] = "", again[LINE_MAX_BYTES] = "";
    struct err err = {""};
    char *hash = NULL;

    *status = EXIT_ASKED;
    if (!read_line("Password: ", line))
        command_error(ERR_INVALID, "there is no password on standard input");
    else if (password_check(line, &err) != 0)
        command_error(ERR_INVALID, "%s", err.text);
    else if (isatty(STDIN_FILENO) && (!read_line("Once more: ", again) || strcmp(line, again) != 0))
        command_error(ERR_INVALID, "that was not the same; nothing was changed");
    else if ((hash = password_hash(line, &err)) == NULL)
        *status = command_error(ERR_IO, "%s", err.text);
    OPENSSL_cleanse(line, sizeof(line));
    OPENSSL_cleanse(again, sizeof(again));
    if (hash != NULL)
        *status = EXIT_DONE;
    return hash;
}

/* --- what to do --- */

struct order {
    const struct call *call;
    struct session *session;
    const char *name;
    bool has_role;
    enum role role;
};

/* Ends the transaction, with a line for the audit. */
static int finish(const struct order *o, int rc, const char *action, const char *detail)
{
    struct store *s = o->session->store;
    char *about = mem_printf("user %s", o->name);

    if (rc == 0)
        rc = store_audit(s, clock_wall_ms(), "betimes user", action, about, detail);
    free(about);
    if (rc == 0)
        rc = store_commit(s);
    else
        store_rollback(s);
    if (rc == 0 || rc == ERR_EXISTS)
        return rc == 0 ? EXIT_DONE
                       : command_error(ERR_EXISTS,
                                       "there is a user `%s` already; `betimes user passwd` and "
                                       "`betimes user role` change them",
                                       o->name);
    return session_failed(o->session, rc, action);
}

static int unknown_user(const struct order *o)
{
    struct user *list;
    size_t count;
    const char *near = NULL;
    int status;

    if (store_users(o->session->store, &list, &count) == 0) {
        const char **names = mem_array(count + 1, sizeof(*names));
        for (size_t i = 0; i < count; i++)
            names[i] = list[i].name;
        near = str_nearest(o->name, names, count);
        free(names);
    }
    status = near != NULL ? command_error(ERR_NOTFOUND, "there is no user `%s`; did you mean `%s`?",
                                          o->name, near)
                          : command_error(ERR_NOTFOUND,
                                          "there is no user `%s`; `betimes user list` says "
                                          "who there is",
                                          o->name);
    users_free(list, count);
    return status;
}

/* `was` (may be NULL): the present role. */
static int find(const struct order *o, int64_t *id, enum role *was)
{
    struct user u;
    int rc = store_user(o->session->store, o->name, &u);

    *id = u.id;
    if (was != NULL)
        *was = u.role;
    user_close(&u);
    if (rc == ERR_NOTFOUND)
        return unknown_user(o);
    return rc == 0 ? EXIT_DONE : session_failed(o->session, rc, "look the user up");
}

static int add(const struct order *o)
{
    struct err err = {""};
    struct user known;
    int status;

    if (user_name_check(o->name, &err) != 0)
        return command_error(ERR_INVALID, "%s", err.text);
    if (store_user(o->session->store, o->name, &known) == 0) {
        user_close(&known); /* before anybody thinks of a password for nothing */
        return finish(o, ERR_EXISTS, "add user", NULL);
    }
    char *hash = ask_password(&status);
    if (hash == NULL)
        return status;
    int rc = store_begin(o->session->store);
    if (rc == 0)
        rc = store_user_add(o->session->store, o->name, o->role, hash, clock_wall_ms());
    free(hash);
    status = finish(o, rc, "add user", role_name(o->role));
    if (status == EXIT_DONE)
        printf("%s may use the page now, as %s.\n", o->name, role_name(o->role));
    return status;
}

static int change_password(const struct order *o)
{
    int64_t id;
    int status = find(o, &id, NULL);
    char *hash = status == EXIT_DONE ? ask_password(&status) : NULL;

    if (hash == NULL)
        return status;
    int rc = store_begin(o->session->store);
    if (rc == 0)
        rc = store_user_set_password(o->session->store, id, hash);
    free(hash);
    status = finish(o, rc, "change password", NULL);
    if (status == EXIT_DONE)
        printf("%s has a new password, and is signed out everywhere.\n", o->name);
    return status;
}

static int change_role(const struct order *o)
{
    char detail[64];
    enum role was;
    int64_t id;

    if (!o->has_role)
        return command_misused(o->call, "say which: --role manager, staff or reader");
    int status = find(o, &id, &was);
    if (status != EXIT_DONE)
        return status;
    int rc = store_begin(o->session->store);
    if (rc == 0)
        rc = store_user_set_role(o->session->store, id, o->role);
    snprintf(detail, sizeof(detail), "%s -> %s", role_name(was), role_name(o->role));
    status = finish(o, rc, "change role", detail);
    if (status == EXIT_DONE)
        printf("%s is %s now.\n", o->name, role_name(o->role));
    return status;
}

static int remove_user(const struct order *o)
{
    int64_t id;
    int status = find(o, &id, NULL);

    if (status != EXIT_DONE)
        return status;
    int rc = store_begin(o->session->store);
    if (rc == 0)
        rc = store_user_remove(o->session->store, id);
    status = finish(o, rc, "remove user", NULL);
    if (status == EXIT_DONE)
        printf("%s may not use the page any more.\n", o->name);
    return status;
}

static int list_json(const struct user *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "name", show_json_text(list[i].name));
        json_object_set_new(o, "role", show_json_text(role_name(list[i].role)));
        json_object_set_new(o, "created", show_json_time(list[i].created_ms));
        json_array_append_new(array, o);
    }
    return show_print_json(array);
}

static int list_users(const struct order *o)
{
    static const char *const heads[] = {"NAME", "ROLE", "SINCE"};
    struct table t = {.heads = heads, .columns = 3};
    struct user *list;
    size_t count;
    int status = EXIT_DONE;
    int rc = store_users(o->session->store, &list, &count);

    if (rc != 0) {
        status = session_failed(o->session, rc, "list the users");
    } else if (o->call->json) {
        status = list_json(list, count);
    } else if (count == 0) {
        puts("Nobody may use the page yet; `betimes user add NAME --role manager` lets somebody.");
    } else {
        for (size_t i = 0; i < count; i++) {
            char since[SHOW_TIME_MAX];
            show_time(list[i].created_ms, o->session->zone, clock_wall_ms(), since);
            table_add(&t, PLAIN, list[i].name);
            table_add(&t, PLAIN, role_name(list[i].role));
            table_add(&t, PLAIN, since);
        }
        table_print(&t, NULL, NULL);
    }
    users_free(list, count);
    return status;
}

static const struct {
    const char *word;
    bool named, writes;
    int (*run)(const struct order *o);
} actions[] = {
    {"add", true, true, add},
    {"list", false, false, list_users},
    {"passwd", true, true, change_password},
    {"role", true, true, change_role},
    {"remove", true, true, remove_user},
};

static int run_user(const struct call *call)
{
    const char *what = call_word(call, 0), *role = option_value(&call->options, "role");
    struct order o = {.call = call, .name = call_word(call, 1), .role = ROLE_READER};
    struct session session = {0};
    size_t i = 0;

    while (i < COUNT_OF(actions) && strcmp(actions[i].word, what) != 0)
        i++;
    if (i == COUNT_OF(actions))
        return command_misused(call, "`%s` is none of add, list, passwd, role, remove", what);
    if (actions[i].named != (o.name != NULL))
        return command_misused(call,
                               actions[i].named ? "say who: betimes user %s NAME"
                                                : "`betimes user %s` takes no name",
                               what);
    o.has_role = role != NULL;
    if (o.has_role && !role_from(role, &o.role))
        return command_misused(call, "`%s` is no role; write manager, staff or reader", role);
    if (o.has_role && actions[i].run != add && actions[i].run != change_role)
        return command_misused(call, "--role is for add and role");
    int status = session_open(call, actions[i].writes ? STORE_WRITE : STORE_READ, &session);
    o.session = &session;
    if (status == EXIT_DONE)
        status = actions[i].run(&o);
    session_close(&session);
    return status;
}

const struct command command_user = {
    .name = "user",
    .words = "add|list|passwd|role|remove [NAME]",
    .words_min = 1,
    .words_max = 2,
    .help = "Who may use the page: add, list, change, remove",
    .more = "A reader sees everything and changes nothing; staff work with clients; a manager may\n"
            "do all of it. The password is asked for, or read as a line of standard input; it\n"
            "never stands on a command line. A new password signs its owner out everywhere.\n",
    .options = user_options,
    .option_count = COUNT_OF(user_options),
    .reads = true,
    .run = run_user,
};
