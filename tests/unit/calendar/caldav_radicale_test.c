/*
 * calendar/caldav against Radicale, a real server, to which Python's caldav writes
 * (tests/peers/radicale_peer.py).
 */
#include "caldav_common.h"

static void set_up(struct set *s, const char *path)
{
    set_up_with(s, "tests/peers/radicale_peer.py", NULL, path);
    s->source.collection = "Work";
}

static void it_is_found_read_and_followed(void **state)
{
    struct set s;

    set_up(&s, "/");
    fine(&s, 0, 0, true, 0);
    peer_tell(&s.peer, "put tyres New tyres");
    peer_tell(&s.peer, "put brakes Bremžu <pārbaude> & vairāk");
    fine(&s, 2, 0, false, 2);
    fine(&s, 0, 0, false, 2);
    assert_true(s.unchanged);
    peer_tell(&s.peer, "put brakes Moved");
    fine(&s, 1, 0, false, 2);
    assert_non_null(strstr(s.last, "UID:brakes"));
    assert_non_null(strstr(s.last, "SUMMARY:Moved"));
    peer_tell(&s.peer, "delete tyres");
    fine(&s, 0, 1, false, 1);
    fine(&s, 0, 0, false, 1);
    assert_true(s.unchanged);
    tear_down(&s);
}

static void words_arrive_as_they_were_written(void **state)
{
    struct set s;

    set_up(&s, "/anna/work/");
    peer_tell(&s.peer, "put brakes Bremžu <pārbaude> & vairāk");
    fine(&s, 1, 0, true, 1);
    assert_non_null(strstr(s.last, "SUMMARY:Bremžu <pārbaude> & vairāk"));
    tear_down(&s);
}

static void a_token_that_it_forgot_means_everything_anew(void **state)
{
    struct set s;

    set_up(&s, "/anna/");
    peer_tell(&s.peer, "put tyres");
    peer_tell(&s.peer, "put brakes");
    fine(&s, 2, 0, true, 2);
    peer_tell(&s.peer, "delete brakes");
    peer_tell(&s.peer, "put oil");
    peer_tell(&s.peer, "forget");
    fine(&s, 1, 1, true, 2); /* tyres is as it was; it still knows that brakes has gone */
    fine(&s, 0, 0, false, 2);
    tear_down(&s);
}

static void its_etags_are_enough(void **state)
{
    struct set s;

    set_up(&s, "/anna/work/");
    peer_tell(&s.peer, "put tyres");
    peer_tell(&s.peer, "put brakes");
    s.state = mem_printf("c %s\nnothing", s.url);
    fine(&s, 2, 0, true, 2);
    fine(&s, 0, 0, false, 2);
    assert_true(s.unchanged);
    peer_tell(&s.peer, "put tyres Winter tyres");
    peer_tell(&s.peer, "delete brakes");
    fine(&s, 1, 0, true, 1);
    assert_int_equal(s.state[0], 'c');
    tear_down(&s);
}

static void a_wrong_password_or_name_is_told(void **state)
{
    struct set s;

    set_up(&s, "/");
    s.source.password = "secret?";
    refused(&s, ERR_READONLY, "does not let us in");
    s.source.password = "secret";
    s.source.collection = "Wrok";
    refused(&s, ERR_INVALID, "no calendar \"Wrok\", but: ");
    s.source.collection = NULL;
    refused(&s, ERR_INVALID, "has 2 calendars");
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_read_and_followed),
        cmocka_unit_test(words_arrive_as_they_were_written),
        cmocka_unit_test(a_token_that_it_forgot_means_everything_anew),
        cmocka_unit_test(its_etags_are_enough),
        cmocka_unit_test(a_wrong_password_or_name_is_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
