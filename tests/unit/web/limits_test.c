/* What keeps strangers within bounds: the router's table, back-off, connections, passwords,
 * addresses to listen at. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/mem.h"
#include "web/backoff.h"
#include "web/connections.h"
#include "web/listen.h"
#include "web/pages.h"
#include "web/password.h"
#include "web/router.h"

/* ---- the router */

static enum found find(enum method method, const char *path, const char **found,
                       struct route_hole *hole)
{
    static const struct route table[] = {
        {METHOD_GET, "/", ACCESS_READER, IN_PAGES, NULL},
        {METHOD_GET, "/clients/{id}", ACCESS_READER, IN_PAGES, NULL},
        {METHOD_GET, "/clients/{id}/notes", ACCESS_READER, IN_PAGES, NULL},
        {METHOD_POST, "/clients/{id}/notes", ACCESS_STAFF, IN_PAGES, NULL},
        {METHOD_GET, "/calendar/{token}.ics", ACCESS_ANYONE, IN_CALENDARS, NULL},
        {METHOD_GET, "/templates/{name}/{language}/{token}/versions", ACCESS_READER, IN_PAGES,
         NULL},
    };
    const struct route *r;
    enum found f = router_find(table, 6, method, path, &r, hole);

    *found = r != NULL ? r->path : NULL;
    return f;
}

static void a_route_is_found_by_method_and_path(void **state)
{
    struct route_hole hole;
    const char *path;

    assert_int_equal(find(METHOD_GET, "/", &path, &hole), FOUND);
    assert_int_equal(find(METHOD_GET, "/clients/17", &path, &hole), FOUND);
    assert_string_equal(path, "/clients/{id}");
    assert_int_equal(hole.id, 17);
    assert_int_equal(find(METHOD_POST, "/clients/9/notes", &path, &hole), FOUND);
    assert_int_equal(hole.id, 9);
    assert_int_equal(find(METHOD_POST, "/clients/17", &path, &hole), FOUND_PATH_ONLY);
    assert_int_equal(find(METHOD_OTHER, "/", &path, &hole), FOUND_PATH_ONLY);
}

static void a_path_may_have_several_holes_each_with_letters_of_its_own(void **state)
{
    static const char *const none[] = {
        "/templates/Ready/en/sms/versions",  "/templates/ready/en.x/sms/versions",
        "/templates/ready//sms/versions",    "/templates/ready/en/s-ms/versions",
        "/templates/ready/en/sms/versions/", "/templates/ready/en/sms",
        "/templates/ready/en/versions"};
    struct route_hole hole;
    const char *path;

    assert_int_equal(find(METHOD_GET, "/templates/by-mail_2/kk-KZ/email/versions", &path, &hole),
                     FOUND);
    assert_string_equal(hole.token, "by-mail_2");
    assert_string_equal(hole.more[0], "kk-KZ");
    assert_string_equal(hole.more[1], "email");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(find(METHOD_GET, none[i], &path, &hole), FOUND_NOTHING);
}

static void a_page_has_one_address_only(void **state)
{
    static const char *const none[] = {"",
                                       "/clients",
                                       "/clients/",
                                       "/clients/07",
                                       "/clients/0",
                                       "/clients/-1",
                                       "/clients/x",
                                       "/clients/7/",
                                       "/clients/7x",
                                       "/clients/1234567890123456789",
                                       "/Clients/7"};
    struct route_hole hole;
    const char *path;

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (find(METHOD_GET, none[i], &path, &hole) != FOUND_NOTHING)
            fail_msg("`%s` leads to %s", none[i], path);
}

static void a_token_is_letters_and_digits_and_not_too_long(void **state)
{
    static const char *const none[] = {"/calendar/.ics",    "/calendar/a",
                                       "/calendar/a.icsx",  "/calendar/a b.ics",
                                       "/calendar/a_b.ics", "/calendar/a/b.ics"};
    char path[2 * ROUTE_TOKEN_MAX];
    struct route_hole hole;
    const char *found;

    assert_int_equal(find(METHOD_GET, "/calendar/0aZ9.ics", &found, &hole), FOUND);
    assert_string_equal(hole.token, "0aZ9");
    assert_int_equal(hole.id, 0);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(find(METHOD_GET, none[i], &found, &hole), FOUND_NOTHING);
    for (int n = ROUTE_TOKEN_MAX; n <= ROUTE_TOKEN_MAX + 1; n++) {
        snprintf(path, sizeof(path), "/calendar/%0*d.ics", n, 7);
        assert_int_equal(find(METHOD_GET, path, &found, &hole),
                         n > ROUTE_TOKEN_MAX ? FOUND_NOTHING : FOUND);
    }
}

static void whatever_changes_something_is_a_post_for_somebody_known(void **state)
{
    for (size_t i = 0; i < route_count; i++) {
        assert_true(routes[i].method == METHOD_GET || routes[i].method == METHOD_POST);
        if (routes[i].access == ACCESS_PROVIDER) /* it has a token, and most sign */
            continue;
        if (routes[i].method == METHOD_POST && strcmp(routes[i].path, "/sign-in") != 0)
            assert_true(routes[i].access >= ACCESS_READER);
        if (routes[i].access >= ACCESS_READER)
            assert_int_not_equal(routes[i].where, ON_LOOP);
    }
}

/* ---- back-off */

static void wrong_tries_make_the_wait_longer_up_to_a_limit(void **state)
{
    struct backoff *b = mem_zalloc(sizeof(*b));
    int64_t now_ms = 1000000;

    for (int i = 0; i < BACKOFF_FREE; i++) {
        backoff_wrong(b, BACKOFF_ACCOUNT, "anna", now_ms);
        assert_int_equal(backoff_wait_s(b, BACKOFF_ACCOUNT, "anna", now_ms), 0);
    }
    for (int wait_s = BACKOFF_FIRST_S; wait_s <= BACKOFF_ACCOUNT_S; wait_s *= 2) {
        backoff_wrong(b, BACKOFF_ACCOUNT, "anna", now_ms);
        assert_int_equal(backoff_wait_s(b, BACKOFF_ACCOUNT, "anna", now_ms), wait_s);
    }
    for (int i = 0; i < 50; i++)
        backoff_wrong(b, BACKOFF_ACCOUNT, "anna", now_ms);
    assert_int_equal(backoff_wait_s(b, BACKOFF_ACCOUNT, "anna", now_ms), BACKOFF_ACCOUNT_S);
    assert_int_equal(backoff_wait_s(b, BACKOFF_ACCOUNT, "anna", now_ms + BACKOFF_ACCOUNT_S * 1000),
                     0);
    assert_int_equal(backoff_wait_s(b, BACKOFF_ACCOUNT, "berta", now_ms), 0);
    assert_int_equal(backoff_wait_s(b, BACKOFF_ADDRESS, "anna", now_ms), 0);
    free(b);
}

static void the_right_password_ends_the_wait(void **state)
{
    struct backoff *b = mem_zalloc(sizeof(*b));

    for (int i = 0; i < BACKOFF_FREE + 3; i++)
        backoff_wrong(b, BACKOFF_ADDRESS, "192.0.2.1", 5000);
    assert_true(backoff_wait_s(b, BACKOFF_ADDRESS, "192.0.2.1", 5000) > 0);
    backoff_right(b, BACKOFF_ADDRESS, "192.0.2.1");
    assert_int_equal(backoff_wait_s(b, BACKOFF_ADDRESS, "192.0.2.1", 5000), 0);
    free(b);
}

static void strangers_by_the_thousand_push_out_only_the_oldest(void **state)
{
    struct backoff *b = mem_zalloc(sizeof(*b));
    char name[32];

    for (int i = 0; i < BACKOFF_ENTRIES * 3; i++) {
        snprintf(name, sizeof(name), "stranger-%d", i);
        backoff_wrong(b, BACKOFF_ADDRESS, name, i);
        for (int k = 0; k < BACKOFF_FREE + 2 && i % 100 == 0; k++)
            backoff_wrong(b, BACKOFF_ADDRESS, "persistent", i);
    }
    assert_true(backoff_wait_s(b, BACKOFF_ADDRESS, "persistent", BACKOFF_ENTRIES * 3) > 0);
    free(b);
}

/* ---- connections */

struct crowd {
    struct connections list;
    struct connection *items;
    int (*sockets)[2];
    int count;
};

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out;

    v4->sin_family = AF_INET;
    inet_pton(AF_INET, text, &v4->sin_addr);
    return out;
}

static bool arrive(struct crowd *c, const char *from, int64_t now_ms)
{
    struct sockaddr_storage a = address(from);
    int i = c->count;

    if (!connections_admit(&c->list, (struct sockaddr *)&a))
        return false;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->sockets[i]), 0);
    connections_add(&c->list, &c->items[i], c->sockets[i][0], (struct sockaddr *)&a, now_ms);
    c->count++;
    return true;
}

static int alive(const struct crowd *c)
{
    int n = 0;

    for (int i = 0; i < c->count; i++)
        n += !c->items[i].ended;
    return n;
}

static struct crowd crowd_create(int max)
{
    return (struct crowd){.items = mem_array((size_t)max, sizeof(struct connection)),
                          .sockets = mem_array((size_t)max, sizeof(int[2]))};
}

static void crowd_free(struct crowd *c)
{
    for (int i = 0; i < c->count; i++) {
        connections_remove(&c->list, &c->items[i]);
        close(c->sockets[i][0]);
        close(c->sockets[i][1]);
    }
    assert_null(c->list.first);
    free(c->items);
    free(c->sockets);
}

static void the_longest_idle_gives_way_to_somebody_new(void **state)
{
    struct crowd c = crowd_create(CONNECTIONS_OF_ADDRESS_MAX + 2);
    char byte;

    for (int i = 0; i < CONNECTIONS_OF_ADDRESS_MAX; i++)
        assert_true(arrive(&c, "192.0.2.1", i));
    connection_enter(&c.items[0], PHASE_WORK, 1); /* the oldest is being worked on */
    assert_true(arrive(&c, "192.0.2.1", 999));
    assert_false(c.items[0].ended);
    assert_true(c.items[1].ended);
    assert_int_equal(read(c.sockets[1][1], &byte, 1), 0); /* and its other end notices */
    assert_int_equal(alive(&c), CONNECTIONS_OF_ADDRESS_MAX);
    crowd_free(&c);
}

static void one_address_cannot_take_all_places(void **state)
{
    struct crowd c = crowd_create(CONNECTIONS_MAX + 2);

    for (int i = 0; i < CONNECTIONS_MAX + 1; i++)
        assert_true(arrive(&c, "192.0.2.1", i));
    assert_int_equal(alive(&c), CONNECTIONS_OF_ADDRESS_MAX);
    assert_true(arrive(&c, "192.0.2.2", 5000));
    assert_int_equal(alive(&c), CONNECTIONS_OF_ADDRESS_MAX + 1);
    crowd_free(&c);
}

static void nobody_new_is_taken_while_all_are_worked_on(void **state)
{
    struct crowd c = crowd_create(CONNECTIONS_OF_ADDRESS_MAX + 1);

    for (int i = 0; i < CONNECTIONS_OF_ADDRESS_MAX; i++) {
        assert_true(arrive(&c, "192.0.2.1", i));
        connection_enter(&c.items[i], PHASE_WORK, i);
    }
    assert_false(arrive(&c, "192.0.2.1", 1000));
    assert_int_equal(alive(&c), CONNECTIONS_OF_ADDRESS_MAX);
    crowd_free(&c);
}

static void each_phase_has_its_deadline(void **state)
{
    struct crowd c = crowd_create(4);
    static const enum phase phases[] = {PHASE_HEAD, PHASE_BODY, PHASE_ANSWER, PHASE_WORK};
    static const int64_t limits_ms[] = {HEAD_MS, BODY_MS, ANSWER_MS};

    for (int i = 0; i < 4; i++) {
        arrive(&c, "192.0.2.1", 0);
        connection_enter(&c.items[i], phases[i], 1000);
    }
    for (int i = 0; i < 3; i++) {
        connections_expire(&c.list, 1000 + limits_ms[i] - 1);
        assert_false(c.items[i].ended);
        connections_expire(&c.list, 1000 + limits_ms[i]);
        assert_true(c.items[i].ended);
    }
    connections_expire(&c.list, INT64_MAX / 2);
    assert_false(c.items[3].ended);
    crowd_free(&c);
}

/* ---- passwords, addresses */

static void a_password_fits_its_own_hash_only(void **state)
{
    struct err err = {""};
    char *hash = password_hash("correct horse battery", &err);
    char *other = password_hash("correct horse battery", &err);

    assert_non_null(hash);
    assert_memory_equal(hash, "$y$", 3);
    assert_string_not_equal(hash, other); /* each has a salt of its own */
    assert_true(password_fits("correct horse battery", hash));
    assert_false(password_fits("correct horse batterz", hash));
    assert_false(password_fits("", hash));
    assert_false(password_fits("correct horse battery", NULL));
    assert_false(password_fits("x", "*0"));
    free(hash);
    free(other);
}

static void bad_passwords_are_told(void **state)
{
    struct err err;

    assert_int_equal(password_check("short", &err), ERR_INVALID);
    assert_int_equal(password_check("ēēēēēēēēē", &err), ERR_INVALID); /* nine, in more bytes */
    assert_int_equal(password_check("ēēēēēēēēēē", &err), 0);
    assert_int_equal(password_check("with a\nnew line", &err), ERR_INVALID);
    assert_int_equal(password_check("no UTF-8 \xff\xff\xff", &err), ERR_INVALID);
}

static void a_port_alone_is_for_this_machine_only(void **state)
{
    static const char *const loopback[] = {"8080", ":8080", "localhost:8080", "127.0.0.1:8080",
                                           "[::1]:8080"};
    static const char *const everywhere[] = {"0.0.0.0:8080", "[::]:8080", "192.0.2.7:8080"};
    static const char *const bad[] = {
        "",          "0", "65536",          "::1:8080", "example.com:80", "1.2.3:5", "[::1]",
        "127.0.0.1", ":", "127.0.0.1:80 x", ":-1",      "[::1]:x",        "[]:80"};
    struct listen_address a;
    struct err err;

    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        assert_int_equal(listen_parse(loopback[i], &a, &err), 0);
        assert_true(address_is_loopback((struct sockaddr *)&a.address));
    }
    for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
        assert_int_equal(listen_parse(everywhere[i], &a, &err), 0);
        assert_false(address_is_loopback((struct sockaddr *)&a.address));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (listen_parse(bad[i], &a, &err) != ERR_INVALID)
            fail_msg("`%s` was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_found_by_method_and_path),
        cmocka_unit_test(a_path_may_have_several_holes_each_with_letters_of_its_own),
        cmocka_unit_test(a_page_has_one_address_only),
        cmocka_unit_test(a_token_is_letters_and_digits_and_not_too_long),
        cmocka_unit_test(whatever_changes_something_is_a_post_for_somebody_known),
        cmocka_unit_test(wrong_tries_make_the_wait_longer_up_to_a_limit),
        cmocka_unit_test(the_right_password_ends_the_wait),
        cmocka_unit_test(strangers_by_the_thousand_push_out_only_the_oldest),
        cmocka_unit_test(the_longest_idle_gives_way_to_somebody_new),
        cmocka_unit_test(one_address_cannot_take_all_places),
        cmocka_unit_test(nobody_new_is_taken_while_all_are_worked_on),
        cmocka_unit_test(each_phase_has_its_deadline),
        cmocka_unit_test(a_password_fits_its_own_hash_only),
        cmocka_unit_test(bad_passwords_are_told),
        cmocka_unit_test(a_port_alone_is_for_this_machine_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
