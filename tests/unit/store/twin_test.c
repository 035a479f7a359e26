/* store/twin: who opted out under the same number or address. */
#include "../support/shop.h"

#include "store/twin.h"

#define NONE "[workflow w]\nstages = A, B\n[rule r]\non = job enters A\n"

/* The number as a person would write it, an e-mail address in capitals. */
static struct shop *a_shop(void)
{
    struct shop *s = shop_open(NONE, "2026-12-01T09:00");

    shop_sql(s, "INSERT INTO client (id, name, phone, email) VALUES "
                "(7, 'Emma', ' 20 000 009', 'EMMA@example.com'), (8, 'Nobody', NULL, NULL)");
    return s;
}

static void say(struct shop *s, const char *channel, const char *purpose, const char *state)
{
    shop_sql(s,
             "INSERT INTO consent (client_id, channel, purpose, state) "
             "SELECT id, '%s', '%s', '%s' FROM client",
             channel, purpose, state);
}

/* Is it Emma; or (false) nobody? */
static bool is_emma(struct shop *s, int64_t client_id, enum channel channel, const char *address)
{
    char *name;
    int rc = store_twin_opted_out(s->store, client_id, channel, address, "LV", &name);
    bool found = rc == 0 && strcmp(name, "Emma") == 0;

    assert_true(found || (rc == ERR_NOTFOUND && name == NULL));
    free(name);
    return found;
}

static void a_number_or_address_is_known_however_it_is_written(void **state)
{
    struct shop *s = a_shop();

    say(s, "sms", "service", "out");
    assert_true(is_emma(s, 0, CHANNEL_SMS, "+37120000009"));
    assert_false(is_emma(s, 0, CHANNEL_SMS, "+37120000008"));
    assert_false(is_emma(s, 0, CHANNEL_EMAIL, "emma@example.com"));
    say(s, "email", "service", "out");
    assert_true(is_emma(s, 0, CHANNEL_EMAIL, "emma@Example.com"));
    assert_false(is_emma(s, 7, CHANNEL_EMAIL, "emma@example.com")); /* herself */
    shop_close(s);
}

static void what_was_said_last_about_service_counts(void **state)
{
    struct shop *s = a_shop();

    say(s, "sms", "marketing", "out");
    assert_false(is_emma(s, 0, CHANNEL_SMS, "+37120000009"));
    say(s, "sms", "service", "out");
    say(s, "sms", "marketing", "in");
    assert_true(is_emma(s, 0, CHANNEL_SMS, "+37120000009"));
    say(s, "sms", "service", "in");
    assert_false(is_emma(s, 0, CHANNEL_SMS, "+37120000009"));
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_or_address_is_known_however_it_is_written),
        cmocka_unit_test(what_was_said_last_about_service_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
