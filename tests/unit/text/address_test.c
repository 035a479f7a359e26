/* text/address: only what a mail server and an SMS gateway can take gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "text/address.h"

static void assert_checks(const char *written, const char *expected)
{
    char out[ADDRESS_MAX];
    struct err err = {""};

    if (address_check(written, out, &err) != 0)
        fail_msg("%s: %s", written, err.text);
    assert_string_equal(out, expected);
}

static void assert_refused(const char *written, const char *says)
{
    char out[ADDRESS_MAX] = "stale";
    struct err err = {""};

    if (address_check(written, out, &err) != ERR_INVALID)
        fail_msg("%s was taken: %s", written, out);
    assert_string_equal(out, "");
    if (strstr(err.text, says) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", written, err.text, says);
}

static void good_addresses_pass(void **state)
{
    assert_checks("anna@example.com", "anna@example.com");
    assert_checks("  anna@example.com\t", "anna@example.com");
    assert_checks("Anna.B+garage@Mail.Example.COM", "Anna.B+garage@mail.example.com");
    assert_checks("o'neil!#$%&*-/=?^_`{|}~@example.com", "o'neil!#$%&*-/=?^_`{|}~@example.com");
    assert_checks("a@xn--e1afmkfd.xn--p1ai", "a@xn--e1afmkfd.xn--p1ai");
    assert_checks("root@localhost", "root@localhost");
    assert_checks("1@2.example", "1@2.example");
}

static void typing_mistakes_are_named(void **state)
{
    assert_refused("", "no e-mail address");
    assert_refused("   ", "no e-mail address");
    assert_refused("anna", "no @");
    assert_refused("@example.com", "before the @ is missing");
    assert_refused("anna@", "after the @ is missing");
    assert_refused("anna@gmail", "ending");
    assert_refused("anna@gmail..com", "domain");
    assert_refused("anna@gmail.com.", "domain");
    assert_refused("anna@.com", "domain");
    assert_refused("anna@-x.com", "domain");
    assert_refused("anna@x_y.com", "domain");
    assert_refused("anna@192.0.2.1", "ends in a number");
    assert_refused("anna@[192.0.2.1]", "IP address");
    assert_refused("anna b@example.com", "space");
    assert_refused(".anna@example.com", "begins or ends with a dot");
    assert_refused("anna.@example.com", "begins or ends with a dot");
    assert_refused("an..na@example.com", "two dots");
    assert_refused("anna@example.com@example.com", "more than one @");
    assert_refused("anna@example.com, bob@example.com", "more than one @");
    assert_refused("anna(home)@example.com", "'('");
    assert_refused("Anna <anna@example.com>", "space");
    assert_refused("anna@example.com>", "domain");
    assert_refused("\"anna b\"@example.com", "quotation marks");
    assert_refused("\"a@b\"@example.com", "quotation marks");
}

static void addresses_outside_ascii_are_refused_clearly(void **state)
{
    assert_refused("жанна@example.com", "before the @ has characters outside ASCII");
    assert_refused("anna@пример.рф", "xn--");
    assert_refused("anna@example.com\xc2\xa0", "xn--"); /* pasted with its space */
}

static void no_control_character_gets_through(void **state)
{
    assert_refused("anna@example.com\r\nBcc: x@example.net", "line break");
    assert_refused("anna@example.com\n", "line break");
    assert_refused("\nanna@example.com", "line break");
    assert_refused("an\rna@example.com", "line break");
    assert_refused("an\x7fna@example.com", "control character");
}

static void lengths_of_rfc_5321_are_kept(void **state)
{
    char local[66], label[65];

    memset(local, 'a', sizeof(local));
    memset(label, 'b', sizeof(label));
    local[64] = '\0';
    label[63] = '\0';
    char *longest = mem_printf("%s@%s.%s.%.57s.com", local, label, label, label);
    assert_int_equal(strlen(longest), 254);
    assert_checks(longest, longest);
    char *longer = mem_printf("%s@%s.%s.%.58s.com", local, label, label, label);
    assert_refused(longer, "longer than 254");
    local[64] = 'a';
    local[65] = '\0';
    char *big_local = mem_printf("%s@example.com", local);
    assert_refused(big_local, "longer than 64");
    label[63] = 'b';
    label[64] = '\0';
    char *big_label = mem_printf("a@%s.com", label);
    assert_refused(big_label, "domain");
    char *big = mem_printf("a@%0300d.com", 0);
    assert_refused(big, "longer than 253");
    free(longest);
    free(longer);
    free(big_local);
    free(big_label);
    free(big);
}

static void assert_parses(const char *written, const char *name, const char *mailbox)
{
    struct address a;
    struct err err = {""};

    if (address_parse(written, &a, &err) != 0)
        fail_msg("%s: %s", written, err.text);
    assert_string_equal(a.name, name);
    assert_string_equal(a.mailbox, mailbox);
}

static void assert_unparsed(const char *written, const char *says)
{
    struct address a;
    struct err err = {""};

    if (address_parse(written, &a, &err) != ERR_INVALID)
        fail_msg("%s was taken: %s, %s", written, a.name, a.mailbox);
    assert_string_equal(a.name, "");
    assert_string_equal(a.mailbox, "");
    if (strstr(err.text, says) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", written, err.text, says);
}

static void configured_mailboxes_are_read(void **state)
{
    assert_parses("hello@example.com", "", "hello@example.com");
    assert_parses("<hello@example.com>", "", "hello@example.com");
    assert_parses("Riverside Garage <hello@example.com>", "Riverside Garage", "hello@example.com");
    assert_parses(" Riverside Garage<hello@Example.com> ", "Riverside Garage", "hello@example.com");
    assert_parses("Dr. Bērziņš (Rīga) <a@example.com>", "Dr. Bērziņš (Rīga)", "a@example.com");
    assert_parses("\"Smith, Bob\" <a@example.com>", "Smith, Bob", "a@example.com");
    assert_parses("\"The \\\"Best\\\" \\\\ <x@y>\" <a@example.com>", "The \"Best\" \\ <x@y>",
                  "a@example.com");
    assert_parses("\"\" <a@example.com>", "", "a@example.com");
}

static void two_mailboxes_or_broken_ones_are_refused(void **state)
{
    assert_unparsed("", "no e-mail address");
    assert_unparsed("Riverside Garage", "no @");
    assert_unparsed("Garage <>", "no e-mail address");
    assert_unparsed("Garage <hello>", "no @");
    assert_unparsed("Garage hello@example.com>", "without its <");
    assert_unparsed("Garage <hello@example.com", "something more");
    assert_unparsed("Garage <hello@example.com> (x)", "something more");
    assert_unparsed("a@example.com, b@example.com", "more than one @");
    assert_unparsed("A <a@example.com>, B <b@example.com>", "one is right");
    assert_unparsed("a@example.com, B <b@example.com>", "one is right");
    assert_unparsed("Smith, Bob <a@example.com>", "quotation marks");
    assert_unparsed("Bob \"B\" Smith <a@example.com>", "quotation marks");
    assert_unparsed("\"Bob <a@example.com>", "closing quotation mark");
    assert_unparsed("\"Bob\" Smith <a@example.com>", "between the quoted name");
    assert_unparsed("Bob\r\nBcc: x@y.example <a@example.com>", "control character");
    assert_unparsed("Bob\xff <a@example.com>", "UTF-8");
    char *name = mem_printf("%0256d <a@example.com>", 0);
    assert_unparsed(name, "longer than 255");
    free(name);
    name = mem_printf("\"%0256d\" <a@example.com>", 0);
    assert_unparsed(name, "longer than 255");
    free(name);
    name = mem_printf("%02000d <a@example.com>", 0);
    assert_unparsed(name, "far too long");
    free(name);
}

static void assert_sender(const char *written, const char *expected)
{
    char out[ADDRESS_SENDER_MAX] = "stale";
    struct err err = {""};
    int rc = address_sender(written, out, &err);

    if (expected == NULL) {
        assert_int_equal(rc, ERR_INVALID);
        assert_string_equal(out, "");
        assert_string_not_equal(err.text, "");
        return;
    }
    if (rc != 0)
        fail_msg("%s: %s", written, err.text);
    assert_string_equal(out, expected);
}

static void sms_senders_are_names_of_11_or_numbers(void **state)
{
    assert_sender("+37129123456", "+37129123456");
    assert_sender("37129123456", "37129123456");
    assert_sender(" 1188 ", "1188");
    assert_sender("Garage", "Garage");
    assert_sender("Bob & Co 24", "Bob & Co 24");
    assert_sender("Riverside12", "Riverside12");
    assert_sender("Riverside123", NULL);
    assert_sender("", NULL);
    assert_sender("  ", NULL);
    assert_sender("12", NULL);
    assert_sender("+1234567890123456", NULL);
    assert_sender("+", NULL);
    assert_sender("371 29123", NULL);
    assert_sender("Garāža", NULL);
    assert_sender("Bob\r\nX", NULL);
    assert_sender("Bob<b>", NULL);
}

static void domains_are_checked_alone_too(void **state)
{
    char out[ADDRESS_DOMAIN_MAX];
    struct err err;

    assert_int_equal(address_domain("Mail.Example.com", out, &err), 0);
    assert_string_equal(out, "mail.example.com");
    assert_int_equal(address_domain("example.com\r\nX: y", out, &err), ERR_INVALID);
    assert_string_equal(out, "");
    assert_int_equal(address_domain("a@b.com", out, &err), ERR_INVALID);
    assert_int_equal(address_domain("", out, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_pass),
        cmocka_unit_test(typing_mistakes_are_named),
        cmocka_unit_test(addresses_outside_ascii_are_refused_clearly),
        cmocka_unit_test(no_control_character_gets_through),
        cmocka_unit_test(lengths_of_rfc_5321_are_kept),
        cmocka_unit_test(configured_mailboxes_are_read),
        cmocka_unit_test(two_mailboxes_or_broken_ones_are_refused),
        cmocka_unit_test(sms_senders_are_names_of_11_or_numbers),
        cmocka_unit_test(domains_are_checked_alone_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
