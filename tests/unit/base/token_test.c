/* base/token: hashes, comparisons and signatures of tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/token.h"

/* FIPS 180-4's own example. */
static void a_hash_is_sha_256(void **state)
{
    char hash[TOKEN_HASH_HEX + 1];

    token_hash("abc", hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, case 2: the first 128 bits of it, in digits to the base of 62. */
static void a_signature_is_hmac_sha_256(void **state)
{
    char signature[TOKEN_SIGNATURE_DIGITS + 1];

    token_sign("Jefe", "what do ya want for nothing?", signature);
    assert_string_equal(signature, "2nLBb57oUJmeiEqybpkBAF");
}

static void each_text_and_each_key_has_its_own_signature(void **state)
{
    char one[TOKEN_SIGNATURE_DIGITS + 1], other[TOKEN_SIGNATURE_DIGITS + 1];

    token_sign("key", "1", one);
    token_sign("key", "2", other);
    assert_string_not_equal(one, other);
    token_sign("kez", "1", other);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), TOKEN_SIGNATURE_DIGITS);
    assert_int_equal(strspn(one, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                     TOKEN_SIGNATURE_DIGITS);
}

static void what_is_not_there_is_like_nothing(void **state)
{
    assert_true(token_same("a", "a"));
    assert_true(token_same("", ""));
    assert_false(token_same("a", "b"));
    assert_false(token_same("a", "ab"));
    assert_false(token_same("ab", "a"));
    assert_false(token_same(NULL, "a"));
    assert_false(token_same("a", NULL));
    assert_false(token_same(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_sha_256),
        cmocka_unit_test(a_signature_is_hmac_sha_256),
        cmocka_unit_test(each_text_and_each_key_has_its_own_signature),
        cmocka_unit_test(what_is_not_there_is_like_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
