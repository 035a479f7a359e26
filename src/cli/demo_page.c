/*
 * The end of a demo on a terminal: the service goes on with the sample garage, at the pace of
 * everybody's clocks, and serves the page until Ctrl-C.
 *
 * The garage gets a user with a password that nobody else has, and a [web] section that listens on
 * this machine alone: where betimes.conf would have people put it, or on one of the next ports when
 * somebody else has that one. Both stay in the folder, so `betimes run` serves the page later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/all.h"
#include "cli/demo.h"
#include "service/service.h"
#include "store/users.h"
#include "web/listen.h"
#include "web/password.h"

#define USER "demo"
#define PORT_FIRST 8080 /* as the sample betimes.conf has it */
#define PORT_LAST 8099
#define PASSWORD_BITS 48
#define PASSWORD_GROUP 4 /* digits between hyphens, for those who type it */
#define CONF_BYTES_MAX (64 * 1024)

struct demo_page {
    char password[2 * PASSWORD_BITS / 4];
    int port;
};

/* "3f81-c02d-77ae" */
static void think_of_password(struct demo_page *p)
{
    char digits[PASSWORD_BITS / 4 + 1], *out = p->password;

    rng_hex(digits, PASSWORD_BITS);
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (i > 0 && i % PASSWORD_GROUP == 0)
            *out++ = '-';
        *out++ = digits[i];
    }
    *out = '\0';
    OPENSSL_cleanse(digits, sizeof(digits));
}

static int add_user(const struct demo_page *p, const char *database, struct err *err)
{
    struct store *s = NULL;
    char *hash = password_hash(p->password, err);
    int rc = hash != NULL ? store_open(database, STORE_WRITE, &s, err) : ERR_IO;

    if (rc == 0) {
        rc = store_begin(s);
        if (rc == 0)
            rc = store_user_add(s, USER, ROLE_MANAGER, hash, clock_wall_ms());
        if (rc == 0)
            rc = store_audit(s, clock_wall_ms(), "betimes demo", "add user", "user " USER,
                             role_name(ROLE_MANAGER));
        if (rc == 0)
            rc = store_commit(s);
        if (rc != 0) {
            err_set(err, "%s: %s", database, store_error(s));
            store_rollback(s);
        }
    }
    store_close(s);
    free(hash);
    return rc;
}

/* The first port that is free now, found by listening on each for a moment. */
static int find_port(int *port, struct err *err)
{
    struct listen_address a;
    char where[32];
    int fd = -1;

    for (*port = PORT_FIRST; fd < 0 && *port <= PORT_LAST; ++*port) {
        snprintf(where, sizeof(where), "127.0.0.1:%d", *port);
        int rc = listen_parse(where, &a, err);
        fd = rc == 0 ? listen_open(&a, err) : rc;
    }
    if (fd < 0)
        return fd;
    --*port; /* the loop has gone on to the next one */
    close(fd);
    return 0;
}

static int add_section(const struct demo_page *p, const char *dir, struct err *err)
{
    char *path = fs_join(dir, "betimes.conf");
    struct buf text;

    buf_init(&text);
    int rc = fs_read(path, CONF_BYTES_MAX, &text, err);
    if (rc == 0) {
        buf_printf(&text, "\n[web]\nlisten = 127.0.0.1:%d\n", p->port);
        rc = fs_write_atomic(path, text.data, text.len, 0640, err);
    }
    buf_close(&text);
    free(path);
    return rc;
}

/* Everything runs: the page answers. */
static void started(void *arg, struct service *service, uv_loop_t *loop)
{
    struct demo_page *p = arg;

    printf("\nThe managers' page\n"
           "  http://127.0.0.1:%d/\n"
           "  sign in as " USER " with the password %s\n"
           "Ctrl-C ends it.\n",
           p->port, p->password);
    fflush(stdout);
    OPENSSL_cleanse(p->password, sizeof(p->password));
}

int demo_page_serve(const char *dir, const char *database, int64_t now_ms)
{
    struct demo_page p = {0};
    struct service_options options = {
        .dir = dir,
        .has_now = true,
        .now_ms = now_ms,
        .speed = 1,
        .quiet = true,
        .started = started,
        .arg = &p,
    };
    struct err err = {""};
    int rc;

    think_of_password(&p);
    rc = add_user(&p, database, &err);
    if (rc == 0)
        rc = find_port(&p.port, &err);
    if (rc == 0)
        rc = add_section(&p, dir, &err);
    return rc == 0 ? service_run(&options)
                   : command_error(ERR_IO, "the page cannot be shown: %s", err.text);
}
